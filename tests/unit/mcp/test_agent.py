"""The agent's name fits an annotation, whatever a client calls itself."""

import pytest

from kubernaut.api.annotations import annotation_problem
from kubernaut.api.labels import ANNOTATION_AGENT
from kubernaut.errors import InputError
from kubernaut.mcp.agent import chosen_name, client_name


@pytest.mark.parametrize(
    ("name", "version", "shown"),
    [
        ("helper", "1.2", "helper 1.2"),
        ("  helper\n\tof anna ", "", "helper of anna"),
        ("helper\x1b[2J\u202e", "1\x00", "helper 1"),
        ("", "", "an MCP client without a name"),
        ("a" * 500, "1", "a" * 128),
        ("a" * 127 + " b", "1", "a" * 127),
    ],
    ids=["as it is", "in one line", "without control characters", "nothing", "cut", "cut at a blank"],
)
def test_what_a_client_calls_itself_is_made_to_fit(name, version, shown):
    assert client_name(name, version) == shown
    assert annotation_problem({ANNOTATION_AGENT: client_name(name, version)}) == ""


def test_a_name_that_a_user_chose_is_used_as_it_is_or_refused():
    assert chosen_name("night watch") == "night watch"
    for name in ("a" * 129, "a\nb", "a\x1b[2J"):
        with pytest.raises(InputError, match="--agent: write a name of at most 128 characters"):
            chosen_name(name)
