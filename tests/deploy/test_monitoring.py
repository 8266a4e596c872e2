"""Alerts and dashboard use only metrics and labels that are exported; each alert fires and is documented."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from kubernaut.receiver.metrics import ReceiverMetrics
from tests.unit.telemetry.test_metrics import metrics as metrics_fixture

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
RULES = yaml.safe_load((MONITORING / "alerts.yaml").read_text("utf-8"))["spec"]
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
TESTS = Path(__file__).with_name("alerts_test.yaml")
DOCS = (ROOT / "docs" / "observability.md").read_text("utf-8")
ADDED_BY_THE_SCRAPE = {"namespace", "pod", "instance", "job"}

metrics = metrics_fixture


def metrics_in(expression):
    """Yield each metric that a PromQL expression names, with the labels that it selects by."""
    for name, selected in re.findall(r"(kubernaut_\w+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected or ""))


def grouped(expression):
    """Return the labels that it groups by."""
    return {label.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(",")}


def expressions():
    for name, rule in ALERTS.items():
        yield name, rule["expr"]
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def families(metrics):
    """Return what the engine exports, and what the receiver does."""
    text = metrics.exposition()[0] + ReceiverMetrics().exposition()[0]
    return list(text_string_to_metric_families(text.decode()))


def exported(metrics):
    labels = {}
    for family in families(metrics):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def test_alerts_and_dashboard_use_only_metrics_and_labels_that_are_exported(metrics):
    labels, used = exported(metrics), list(expressions())
    assert {where for where, _ in used} > ALERTS.keys() > set(), "alerts and panels are checked"
    for where, expression in used:
        names = dict(metrics_in(expression))
        assert names, f"{where} uses no metric of the engine"
        for name, selected in names.items():
            assert name in labels, f"{where} uses {name}, which is not exported"
            assert selected <= labels[name] | ADDED_BY_THE_SCRAPE, f"{where}: {name} has no label {selected}"
        known = set().union(*(labels[name] for name in names)) | ADDED_BY_THE_SCRAPE
        assert grouped(expression) <= known, f"{where} groups by a label that none of its metrics has"


def test_the_dashboard_shows_every_metric(metrics):
    shown = {name for where, expression in expressions() if where not in ALERTS for name, _ in metrics_in(expression)}
    names = {family.name for family in families(metrics)}
    assert {f for f in names if not any(name.startswith(f) for name in shown)} == set()


def test_no_panel_overlaps_another():
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    taken = set()
    assert dashboard["panels"]
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        assert max(x for x, _ in cells) < 24


def test_each_alert_is_explained_where_its_annotation_says():
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", DOCS, re.MULTILINE)}
    for name, rule in ALERTS.items():
        assert rule["annotations"]["runbook_url"] == f"docs/observability.md#{name.lower()}"
        assert name.lower() in headings
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert {h for h in headings if h.startswith("kubernaut")} == {name.lower() for name in ALERTS}


def test_each_alert_has_a_test():
    tests = yaml.safe_load(TESTS.read_text("utf-8"))["tests"]
    assert {test["name"] for test in tests} == set(ALERTS)
    for test in tests:
        quiet, fires = test["alert_rule_test"]
        assert not quiet["exp_alerts"]
        assert fires["exp_alerts"]


def test_promtool_accepts_the_rules_and_their_tests_pass(tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it comes with Prometheus")
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(RULES), "utf-8")
    shutil.copy(TESTS, tmp_path / TESTS.name)
    for words in (("check", "rules", "alerts.yaml"), ("test", "rules", TESTS.name)):
        ran = subprocess.run([promtool, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_series_of_failures_starts_at_zero(metrics):
    metrics.initialise_series(["restart-deployment"])
    samples = {
        tuple(sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.exposition()[0].decode())
        for sample in family.samples
        if sample.name == "kubernaut_executions_total"
    }
    assert samples["Failed", "Forbidden", "restart-deployment"] == 0
    assert samples["", "Succeeded", "restart-deployment"] == 0
    assert not any("TargetBusy" in labels for labels in samples)
