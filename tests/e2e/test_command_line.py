"""`get`, `describe`, `history` and completion, as people use them: on a terminal, in a pipe, and with fewer permissions than the admin."""

import asyncio
import csv
import io
import json
import os
import sys

from kubernaut.kube.objects import SERVICE_ACCOUNTS
from tests.support.shell import command, on_terminal

REHEARSALS = ["initContainer"]

SCALE = ("execute", "scale", "-p", "name=web", "-p", "replicas=3")


async def ended(site, action, name, parameters, **spec):
    return await site.end(await site.create(action, parameters, name=name, **spec))


async def test_get_lists_executions_with_their_state_and_requester(site, place):
    await ended(site, "scale", "bad", {"name": "nope", "replicas": 3})
    await command(*SCALE, "--name", "good", *place)
    code, out, _ = await command("get", *place)
    head, *rows = out.splitlines()
    assert code == 0
    assert head.split() == ["NAME", "ACTION", "TARGET", "PHASE", "REASON", "BY", "AGE", "TOOK"]
    assert [row.split()[:5] for row in rows] == [
        ["bad", "scale", "Deployment/nope", "Failed", "DryRunRejected"],
        ["good", "scale", "Deployment/web", "Succeeded", rows[1].split()[4]],
    ]
    assert not any(row.endswith(" ") for row in [head, *rows])
    _, out, _ = await command("get", "--phase", "failed", "-o", "wide", *place)
    assert ("bad" in out, "good" in out, "Nothing was changed." in out) == (True, False, True)
    _, out, _ = await command("get", "good", "-o", "json", *place)
    (one,) = json.loads(out)
    assert (one["kind"], one["status"]["phase"]) == ("KubernetesExecution", "Succeeded")
    _, out, _ = await command("get", "-A", *place[2:])
    assert f"{site.namespace}  " in out


async def test_get_reports_an_empty_list_and_a_missing_name_is_bad_input(place):
    code, out, err = await command("get", *place)
    assert (code, out) == (0, "")
    assert f"no executions in {place[1]}" in err
    code, _, err = await command("get", "never-was", *place)
    assert code == 2
    assert "there is no execution never-was" in err
    code, _, err = await command("get", "x", "-A", *place[2:])
    assert (code, "leave it out" in err) == (2, True)


async def test_get_with_watch_follows_the_named_executions_to_their_end(site, place):
    key = await site.create("scale", {"name": "web", "replicas": 3}, name="more", suspend=True)
    await site.until(key, phase="Pending", reason="Suspended")
    watching = asyncio.create_task(command("get", "more", "-w", *place))
    await asyncio.sleep(2)
    assert (await command("resume", "more", *place))[0] == 0
    code, out, _ = await watching
    assert code == 0
    phases = [line.split()[3] for line in out.splitlines()]
    assert list(dict.fromkeys(phases)) == ["Pending", "Running", "Succeeded"]
    code, out, _ = await command("get", "more", "-w", "-o", "json", *place)
    assert json.loads(out)["status"]["phase"] == "Succeeded"
    code, written = await on_terminal("get", "more", "-w", *place)
    assert (code, "Succeeded" in written) == (0, True)


async def test_describe_shows_everything_about_a_failure_and_the_next_command(site, place):
    await ended(site, "scale", "bad", {"name": "nope", "replicas": 3})
    code, out, _ = await command("describe", "bad", *place)
    assert code == 0
    for part in (
        "bad  Failed (DryRunRejected)",
        "scale  name=nope replicas=3",
        "target        Deployment/nope",
        "attempt 1     pod bad-",
        "✗ DryRunPassed",
        "dry-run",
        "Warning  DryRunRejected",
        f"next: kubernaut logs bad -n {site.namespace}",
    ):
        assert part in out
    _, out, _ = await command("describe", "bad", "-o", "json", *place)
    document = json.loads(out)
    assert document["next"][0]["command"] == f"kubernaut logs bad -n {site.namespace}"
    assert document["execution"]["status"]["reason"] == "DryRunRejected"
    assert {event["reason"] for event in document["events"]} >= {"DryRunRejected"}


async def test_describe_shows_changes_in_colour_and_the_rollback(site, place):
    await ended(site, "scale", "more", {"name": "web", "replicas": 3})
    code, written = await on_terminal("describe", "more", *place)
    assert code == 0
    assert "Deployment/web spec.replicas: \x1b[31m2\x1b[0m → \x1b[32m3\x1b[0m" in written
    assert f"kubernaut rollback more -n {site.namespace}" in written


async def test_describe_lists_what_this_user_cannot_read(site, developer):
    await ended(site, "patch-configmap", "odd", {"name": "app-config", "namespace": "x"})
    code, out, _ = await command("describe", "odd", *developer)
    assert code == 0
    assert "pods could not be read" in out
    assert "events could not be read" in out
    assert "next: kubernaut actions patch-configmap" in out


async def test_describe_names_the_command_that_grants_a_missing_permission(site, place):
    account = await site.get(SERVICE_ACCOUNTS, "configmap-patcher")
    uid = account["metadata"]["uid"]
    await site.cluster.delete(SERVICE_ACCOUNTS, site.namespace, "configmap-patcher", uid=uid)
    await ended(site, "patch-configmap", "no", {"name": "app-config", "set": {"A": "1"}})
    _, out, _ = await command("describe", "no", *place)
    assert f"next: kubernaut rbac render patch-configmap -n {site.namespace} | kubectl apply -f -" in out


async def test_history_lists_who_requested_what_and_what_was_decided(site, place):
    await ended(site, "scale", "done", {"name": "web", "replicas": 3})
    await ended(site, "scale", "refused", {"name": "web", "replicas": "many"})
    code, out, _ = await command("history", "-o", "json", *place)
    records = {one["execution"]: one for one in json.loads(out)}
    assert code == 0
    assert (records["done"]["decision"], records["done"]["changes"][0]["after"]) == ("admitted", 3)
    assert (records["refused"]["decision"], records["refused"]["reason"]) == ("refused", "InvalidParameters")
    _, out, _ = await command("history", "-o", "csv", *place)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["execution"] for row in rows] == list(records)
    _, out, _ = await command("history", "--since", "1h", *place)
    assert "Deployment/web spec.replicas: 2 → 3" in out
    assert "refused: InvalidParameters" in out
    _, out, err = await command("history", "--since", "2090-01-01", *place)
    assert (out, "since 2090-01-01" in err) == ("", True)
    code, _, err = await command("history", "--since", "whenever", *place)
    assert (code, "--since whenever" in err) == (2, True)


async def test_the_shell_completes_actions_and_executions(site, place):
    await site.create("scale", {"name": "web", "replicas": 3}, name="more-web", suspend=True)
    offered = await completions("kubernaut", "execute", "patch")
    assert offered == ["patch-configmap"]
    assert await completions("kubernaut", "describe", *place, "more") == ["more-web"]
    assert await completions("kubernaut", "describe", "--kubeconfig", "/nowhere", "more") == []


async def completions(*words):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; sys.argv[0] = 'kubernaut'; from kubernaut.cli import main; main()",
        env={
            "_KUBERNAUT_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
            "PATH": "",
            **({"KUBECONFIG": os.environ["KUBECONFIG"]} if "KUBECONFIG" in os.environ else {}),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert err == b""
    return out.decode().split()


async def test_describe_shows_why_an_image_was_not_pulled_when_the_pods_are_gone(site, place):
    await ended(site, "unpullable", "no-image", {}, deadlineSeconds=6)
    code, out, _ = await command("describe", "no-image", *place)
    assert code == 0
    assert "registry.invalid/nothing:1" in out
    assert f"next: kubectl get events -n {site.namespace} --field-selector reason=Failed" in out
