"""`kubernaut execute` while it waits: redrawn in place on a terminal, plain lines everywhere else."""

import json

import pytest

from tests.support.shell import command, on_terminal
from tests.support.site import CONFIG_MAPS

SCALE = ("execute", "scale", "-p", "name=web", "-p", "replicas=3")


async def test_a_terminal_gets_stages_redrawn_in_place_and_the_plan_in_colour(place):
    code, written = await on_terminal(*SCALE, *place)
    assert code == 0
    assert "\x1b[1A" in written, "it is drawn anew in place"
    assert "\x1b[?25h" in written, "the cursor is there again"
    for stage in ("validate", "create-job", "schedule", "dry-run", "execute"):
        assert stage in written
    assert "would change" in written
    assert "Deployment/web spec.replicas: \x1b[31m2\x1b[0m → \x1b[32m3\x1b[0m" in written
    assert written.rindex("undo: kubernaut rollback scale-") > written.rindex("would change")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "a dumb terminal"])
async def test_a_terminal_without_colour_gets_no_escape_code(place, environment):
    code, written = await on_terminal(*SCALE, "--watch", *place, environment=environment)
    assert code == 0
    assert "\x1b" not in written
    assert "would change Deployment/web spec.replicas: 2 → 3" in written


async def test_a_pipe_gets_a_line_for_each_stage_as_it_ends_and_no_control_character(place):
    code, out, _ = await command(*SCALE, *place, environment={"FORCE_COLOR": ""})
    assert code == 0
    assert "\x1b" not in out
    assert "\r" not in out
    lines = out.splitlines()
    order = [
        next(i for i, line in enumerate(lines) if part in line) for part in ("✓ dry-run", "would change", "Succeeded")
    ]
    assert order == sorted(order)
    assert len(set(lines)) == len(lines), "nothing is printed twice"


async def test_a_pipe_with_forced_colour_is_not_redrawn_in_place(place):
    _, out, _ = await command(*SCALE, *place, environment={"FORCE_COLOR": "1", "NO_COLOR": ""})
    assert "\x1b[31m2\x1b[0m" in out
    assert "\x1b[1A" not in out


async def test_a_failure_ends_with_the_next_command(place):
    code, out, _ = await command("execute", "scale", "-p", "name=nope", "-p", "replicas=3", "--wait", *place)
    assert code == 1
    assert "✗ dry-run" in out
    assert "next: kubernaut logs scale-" in out


async def test_a_user_who_cannot_read_pods_sees_phases_and_no_error(developer):
    code, out, err = await command(*SCALE, *developer)
    assert (code, err) == (0, "")
    assert "Running" in out
    assert "✓ dry-run" not in out
    assert "time: validate" in out


async def test_a_dry_run_shows_a_long_text_as_a_diff(site, place, tmp_path):
    text = "".join(f"line {number}\n" for number in range(30))
    await site.patch(CONFIG_MAPS, "app-config", {"data": {"app.yaml": text}})
    file = tmp_path / "parameters.yaml"
    file.write_text(json.dumps({"name": "app-config", "set": {"app.yaml": text.replace("line 20", "line twenty")}}))
    code, out, _ = await command("execute", "patch-configmap", "-f", str(file), "--dry-run", *place)
    assert code == 0
    assert "  -line 20" in out
    assert "  +line twenty" in out
    assert "-line 1\n" not in out
