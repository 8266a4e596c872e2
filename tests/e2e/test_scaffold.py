"""`kubernaut new-action --kind …`: each plugin to start from installs and passes its own tests as it is."""

import pytest

from kubernaut.scaffold import Kind
from tests.support.newcomer import newcomer, run


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PATCH])  # the guide starts from that one
def test_a_plugin_to_start_from_passes_its_own_tests(tmp_path, kind):
    environment = newcomer(tmp_path)
    name = f"my-{kind}"
    ran = run(
        tmp_path,
        environment,
        f"kubernaut new-action {name} --kind {kind}; pip install --quiet --no-build-isolation -e 'kubernaut-{name}[test]'; "
        f"kubernaut actions {name}; pytest -q kubernaut-{name}",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout or (kind is Kind.COMMAND and " skipped" in ran.stdout)
