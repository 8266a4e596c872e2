"""`kubernaut logs`: what pods wrote, by attempt and step, what is left of it, and no control characters."""

import asyncio

import pytest

from kubernaut.kube.objects import PODS
from tests.support.shell import command, on_terminal

STEERING = "'\\x1b]0;title\\x07 \\x9b2J \\u202e [bold]x[/]'"


async def ended(site, action, name, parameters, **spec):
    return await site.end(await site.create(action, parameters, name=name, **spec))


async def test_each_line_begins_with_its_attempt_and_step(site, place):
    body = "print('tried', flush=True)\nif not os.path.exists('/nowhere'): raise RuntimeError('again')"
    await ended(site, "script", "twice", {"dry_run": "print('rehearsed', flush=True)", "execute": body})
    code, out, _ = await command("logs", "twice", *place)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "1 dry-run │ rehearsed"
    assert {"1 execute │ tried", "2 dry-run │ rehearsed", "2 execute │ tried"} <= set(lines)
    _, out, _ = await command("logs", "twice", "--step", "execute", "--attempt", "2", *place)
    assert {line[:11] for line in out.splitlines()} == {"2 execute │"}
    _, written = await on_terminal("logs", "twice", "--step", "dry-run", *place)
    assert written.splitlines()[0] == "\x1b[36m1 dry-run │ \x1b[0mrehearsed"
    code, _, err = await command("logs", "twice", "--attempt", "7", *place)
    assert (code, "twice has no attempt 7 that started" in err) == (2, True)


async def test_logs_are_followed_to_the_end(site, place):
    key = await site.create(
        "script", {"execute": "for n in range(3):\n    print(n, flush=True)\n    time.sleep(1)"}, name="slow"
    )
    await site.until(key, phase="Running")
    code, out, _ = await command("logs", "slow", "-f", "--step", "execute", *place)
    assert code == 0
    assert [line for line in out.splitlines() if line[-1].isdigit()] == [f"1 execute │ {n}" for n in range(3)]


async def test_the_log_that_status_kept_is_shown_when_the_pods_are_gone(site, place):
    end = await ended(site, "once", "failed", {"execute": "raise RuntimeError('no')"})
    assert end["status"]["logTail"]
    await ended(site, "scale", "fine", {"name": "web", "replicas": 3})
    for pod in (await site.cluster.list(PODS, site.namespace, selector="kubernaut.io/execution-uid")).items:
        metadata = pod["metadata"]
        await site.cluster.delete(PODS, site.namespace, metadata["name"], uid=metadata["uid"])
        await site.gone(PODS, metadata["name"])
    code, out, err = await command("logs", "failed", *place)
    assert code == 0
    assert "its pods are gone" in err
    assert "kept      │ RuntimeError: no" in out.splitlines()
    code, _, err = await command("logs", "fine", *place)
    assert (code, f"kubernaut describe fine -n {site.namespace}" in err) == (2, True)


async def test_logs_that_do_not_exist_or_cannot_be_read_are_bad_input(site, place, developer):
    await site.until(
        await site.create("scale", {"name": "web", "replicas": 3}, name="held", suspend=True), reason="Suspended"
    )
    code, _, err = await command("logs", "held", *developer)
    assert (code, "you are not allowed to list pods in namespace" in err) == (2, True)
    code, _, err = await command("logs", "held", *place)
    assert code == 2
    assert "held has no pod yet: it is Pending (Suspended)" in err


@pytest.mark.without_admission
async def test_a_foreign_pod_with_our_labels_is_not_shown(site, place):
    end = await ended(site, "scale", "more", {"name": "web", "replicas": 3})
    labels = {"kubernaut.io/execution-uid": end["metadata"]["uid"], "kubernaut.io/action": "scale"}
    container = {
        "name": "execute",
        "image": site.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", "echo forged"],
    }
    pod = {
        "metadata": {"name": "liar", "labels": labels},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    await site.cluster.create(PODS, site.namespace, {"apiVersion": "v1", "kind": "Pod", **pod})
    await asyncio.sleep(1)
    for words in (("logs", "more"), ("describe", "more")):
        _, out, _ = await command(*words, *place)
        assert "forged" not in out
        assert "liar" not in out


async def test_nothing_that_pods_or_users_write_controls_a_terminal(site, place):
    body = f"print({STEERING}, flush=True)\naction.changed('ConfigMap', 'c', 'data.A', {STEERING}, '2')\nraise RuntimeError({STEERING})"
    await ended(site, "once", "evil", {"execute": body})
    for words in (("logs",), ("describe",), ("get", "-o", "wide"), ("describe", "-o", "json"), ("get", "-o", "json")):
        name = [] if words[0] == "history" else ["evil"]
        code, out, _ = await command(words[0], *name, *words[1:], *place)
        assert code == 0
        assert "title" in out or words[0] == "get"
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out), words
    for shape in ("table", "csv", "json"):
        _, out, _ = await command("history", "-o", shape, *place)
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out), shape
