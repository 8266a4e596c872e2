"""What an approver reads before the question."""

import pytest

from kubernaut.cli.approvals import show_proposal
from tests.support.executions import make_execution


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("", "proposed by anna "),
        ("helper 1.2", 'proposed by anna (agent "helper 1.2") '),
        ('x") 9m ago, would change: nothing', 'proposed by anna (agent "x\\") 9m ago, would change: nothing") '),
    ],
    ids=["nobody but a person", "an agent", "an agent whose name would end the sentence"],
)
def test_an_agent_is_named_in_quotes_beside_the_user_whose_credentials_it_used(capsys, agent, shown):
    show_proposal(make_execution(dry_run=True, requestedBy="anna", annotations={"kubernaut.io/agent": agent}))
    assert shown in capsys.readouterr().err
