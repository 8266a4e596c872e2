"""The columns of the built-in kinds."""

from __future__ import annotations

from kubernaut_sandbox.api.printer_columns import BUILT_IN_COLUMNS, NAME
from kubernaut_sandbox.model.kinds import BUILT_IN


def cells(resource: str, obj: dict[str, object]) -> dict[str, object]:
    """The cells of an object by the names of their columns."""
    return {column.name: column.cell(obj) for column in BUILT_IN_COLUMNS[resource]}


def test_every_table_is_of_a_served_kind_and_has_columns() -> None:
    assert set(BUILT_IN_COLUMNS) <= {kind.resource for kind in BUILT_IN}
    others = ("events", "storageclasses.storage.k8s.io")
    assert all(columns[0] is NAME for resource, columns in BUILT_IN_COLUMNS.items() if resource not in others)


def test_a_deployment_shows_its_replicas_and_images() -> None:
    spec = {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}},
    }
    shown = cells("deployments.apps", {"metadata": {"name": "web"}, "spec": spec, "status": {"readyReplicas": 1}})
    assert (shown["Name"], shown["Ready"], shown["Up-to-date"]) == ("web", "1/2", 0)
    assert (shown["Containers"], shown["Images"], shown["Selector"]) == ("a,b", "x,y", "<none>")


def test_an_empty_object_has_placeholders() -> None:
    shown = cells("pods", {})
    assert (shown["Ready"], shown["Status"], shown["Node"], shown["Age"]) == ("0/0", "Pending", "<none>", "<unknown>")


def test_a_daemon_set_shows_its_node_selector() -> None:
    pod = {"nodeSelector": {"disk": "ssd", "arch": "arm"}}
    assert cells("daemonsets.apps", {"spec": {"template": {"spec": pod}}})["Node Selector"] == "arch=arm,disk=ssd"
