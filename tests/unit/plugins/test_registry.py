"""Plugins as pip installs them: good ones work, and each defect is a named error of its own plugin."""

import importlib.metadata
import sys

import pytest

from kubernaut.plugins.registry import Registry
from tests.support.distributions import ACTION, Distribution, install, install_with_pip

HOOKS_OF = "the hooks are build_job, describe, on_complete, validate"
DOER = 'service_account="doer"'
RULE = 'rules=(kubernaut.Rule(resources=("pods",), verbs=("patch",),'
BROKEN = {
    "broken-import": ("import no_such_module\n", "raised ModuleNotFoundError: No module named 'no_such_module'"),
    "exits-at-import": ("import sys\nsys.exit(7)\n", "raised SystemExit: 7"),
    "syntax-error": ("def (:\n", "SyntaxError"),
    "async-hook": (
        ACTION.replace("def build_job", "async def build_job"),
        "build_job is async; hooks are plain functions",
    ),
    "misspelt-hook": (ACTION + "\n@kubernaut.hookimpl\ndef validates(execution): return []\n", HOOKS_OF),
    "wrong-argument": (ACTION + "\n@kubernaut.hookimpl\ndef validate(run): return []\n", "run"),
    "no-build-job": (
        ACTION.replace("@kubernaut.hookimpl\ndef build_job", "def build_job"),
        "has no build_job marked with @kubernaut.hookimpl",
    ),
    "forgotten-mark": (
        ACTION + "\ndef validate(execution): return []\n",
        "validate has the name of a hook but is not marked with",
    ),
    "bad-verb": (
        ACTION.replace(
            'service_account="doer"', 'service_account="doer", rules=(Rule(resources=("pods",), verbs=("gte",)),)'
        ),
        "is not a verb",
    ),
    "bad-example": (
        ACTION.replace('service_account="doer"', 'service_account="doer", examples=({"x": 1},)'),
        "examples[0]: x: there is no such",
    ),
    "older-hooks": (
        ACTION.replace("HOOK_VERSION = 1", "HOOK_VERSION = 0"),
        "it is written for hook version 0, and this engine uses 1",
    ),
    "no-version": (
        ACTION.replace("HOOK_VERSION = 1", ""),
        "does not state its hook version: add `HOOK_VERSION = 1`",
    ),
    "describe-raises": (
        ACTION.replace("return ActionSpec", "raise RuntimeError('oops')\n    return ActionSpec"),
        "RuntimeError: oops",
    ),
    "bad-spec": (ACTION.replace('service_account="doer"', 'service_account="Not Valid"'), "describe: service_account"),
    "no-spec": (ACTION.replace("return ActionSpec", "return dict"), "describe returned dict, not an ActionSpec"),
    "open-parameters": (ACTION.replace("(Parameters)", "(__import__('pydantic').BaseModel)"), "accepts unknown fields"),
    "bad-fields": (
        ACTION.replace('service_account="doer"', f'{DOER}, {RULE} fields=("spec..a",)),)'),
        "'spec..a' is not the path of a field",
    ),
    "bad-condition": (
        ACTION.replace('service_account="doer"', f'{DOER}, {RULE} condition="object.a ="),)'),
        'rules.0.condition: "object.a =": compilation failed: ERROR: <input>:1:',
    ),
    "no-boolean": (
        ACTION.replace('service_account="doer"', f'{DOER}, {RULE} condition="1 + 1"),)'),
        "must evaluate to bool but got int",
    ),
    "Bad_Name": (ACTION, "an action's name is lower-case letters"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    distributions = [
        Distribution(f"dist-{name.lower().replace('_', '-')}", source, (name,)) for name, (source, _) in BROKEN.items()
    ]
    distributions += [
        Distribution("fine", ACTION),
        Distribution("shares-a", ACTION.replace('"doer"', '"shared"')),
        Distribution("shares-b", ACTION.replace('"doer"', '"shared"')),
        *(
            Distribution(f"as-{account}", ACTION.replace('"doer"', f'"{account}"'))
            for account in ("default", "kubernetes-executor")
        ),
        Distribution("takes-engine", ACTION, ("engine",)),
        Distribution("twice-a", ACTION, ("twice",)),
        Distribution("twice-b", ACTION, ("twice",)),
        Distribution(
            "careful",
            "import kubernaut\nHOOK_VERSION = 1\n@kubernaut.hookimpl\ndef validate(execution): return []\n"
            "@kubernaut.hookimpl\ndef describe(): return kubernaut.PolicySpec(summary='x')\n",
            group="kubernaut.policies",
        ),
        Distribution("careless", "HOOK_VERSION = 1\n", group="kubernaut.policies"),
    ]
    return discover(install(distributions, tmp_path_factory.mktemp("plugins")))


def discover(folder):
    """Return the registry of what is installed in a folder."""
    sys.path.insert(0, str(folder))
    points = [point for dist in importlib.metadata.distributions(path=[str(folder)]) for point in dist.entry_points]
    try:
        return Registry.discover(points)
    finally:
        sys.path.remove(str(folder))


def test_a_plugin_that_pip_installed_is_found(tmp_path):
    found = discover(install_with_pip(Distribution("by-pip", ACTION), tmp_path))
    assert (list(found.actions), found.actions["by-pip"].distribution) == (["by-pip"], "by-pip 1.0")


def test_a_good_action_works_beside_broken_ones(found):
    assert list(found.actions) == ["fine"]
    assert found.actions["fine"].distribution == "fine 1.0"


@pytest.mark.parametrize("name", BROKEN)
def test_each_defect_of_a_plugin_is_an_error_that_says_what_to_fix(found, name):
    message = str(found.broken[name])
    assert message.startswith(f"plugin {name} (dist-")
    assert BROKEN[name][1] in message


def test_an_action_that_two_distributions_provide_is_broken(found):
    assert str(found.broken["twice"]) == (
        "plugin twice (twice-a 1.0, twice-b 1.0): the name is used more than once: uninstall all but one of these distributions"
    )


def test_actions_that_share_a_service_account_are_both_rejected(found):
    assert "its ServiceAccount shared is also that of shares-b: give each action its own" in str(
        found.broken["shares-a"]
    )
    assert "its ServiceAccount shared is also that of shares-a" in str(found.broken["shares-b"])


@pytest.mark.parametrize(
    ("account", "whose"), [("default", "every pod that names none"), ("kubernetes-executor", "the engine")]
)
def test_an_action_that_would_share_its_rights_with_others_is_rejected(found, account, whose):
    message = str(found.broken[f"as-{account}"])
    assert message.endswith(f"its ServiceAccount {account} is that of {whose}: give the action its own")


def test_an_action_with_the_engines_own_name_is_rejected(found):
    assert "and not 'engine': rename the entry point" in str(found.broken["engine"])


def test_policies_are_separate_from_actions_and_a_broken_policy_is_marked(found):
    assert [policy.name for policy in found.policies] == ["careful"]
    assert "has no describe marked with @kubernaut.hookimpl" in str(found.broken["careless"])
    assert found.broken_policies == {"careless"}


def test_a_call_of_an_actions_hook_does_not_reach_other_plugins(found):
    assert len(found.actions["fine"].hook.build_job.get_hookimpls()) == 1
    assert found.actions["fine"].hook.validate.get_hookimpls() == []


def test_every_plugin_that_ships_loads(registry):
    assert set(registry.actions) >= {"patch-configmap", "scale"}
    assert not registry.broken
