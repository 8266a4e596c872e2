"""Finds plugins by entry point, one at a time, and records which of them are usable: the engine starts with those that load.

Each plugin has a pluggy manager of its own, so one action's hooks never reach another plugin, and whatever is wrong with a plugin (a broken
import, a misspelt hook, an async hook, another hook version, a duplicate name) becomes an error that names it and costs it alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy
from pydantic import ValidationError

from kubernaut.api.labels import APP_NAME
from kubernaut.api.names import is_label
from kubernaut.api.plugin import HOOK_VERSION, ActionSpec, PolicySpec
from kubernaut.api.steps import Rehearsal
from kubernaut.errors import HookError, PluginLoadError
from kubernaut.plugins import hookspecs
from kubernaut.plugins.conditions import condition_errors
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.settings import MetadataSettings

S = TypeVar("S", ActionSpec, PolicySpec)

ACTIONS, POLICIES = "kubernaut.actions", "kubernaut.policies"
LOAD_LIMIT_SECONDS = 20.0
_REQUIRED = {ACTIONS: ("describe", "build_job"), POLICIES: ("describe", "validate")}
_ALLOWED = {ACTIONS: {"describe", "validate", "build_job", "on_complete"}, POLICIES: {"describe", "validate"}}
MAX_ACTION_NAME_LENGTH = 40
_RESERVED = "engine"
"""An action of this name would share its ClusterRole's name with the engine's own."""
_FOREIGN_ACCOUNTS = {"default": "every pod that names none", APP_NAME: "the engine"}
"""ServiceAccounts that are not an action's, and whose they are: what is granted to an action would be granted to them."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A usable plugin: its entry point's name, its distribution, and its hooks."""

    name: str
    distribution: str
    hook: Any


@dataclass(frozen=True, slots=True)
class Policy(Plugin):
    """A usable policy, described and configured."""

    spec: PolicySpec
    settings: Any = None


@dataclass(frozen=True, slots=True)
class Action(Plugin):
    """A usable action, described and configured."""

    spec: ActionSpec
    settings: Any = None
    """An instance of `spec.settings`."""
    image: str | None = None
    """The image of its pods, if not the engine's."""
    rehearsal: Rehearsal = "initContainer"
    """Where its dry run takes place."""
    job: MetadataSettings = field(default_factory=MetadataSettings)
    """Labels and annotations that its Jobs get in addition."""
    pod: MetadataSettings = field(default_factory=MetadataSettings)
    """Labels and annotations that its pods get in addition."""


@dataclass(frozen=True, slots=True)
class Registry:
    """All plugins of this process: built once, in `main()`, and passed on."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    broken: Mapping[str, PluginLoadError] = field(default_factory=dict)
    """By entry-point name. A policy among these stops every execution: a policy that cannot be called has not approved it."""
    broken_policies: frozenset[str] = frozenset()

    def metric_label(self, action: str) -> str:
        """Return the action's name if it is installed, else `unknown`: names that users make up must not become labels of metrics."""
        return action if action in self.actions or action in self.broken else "unknown"

    @classmethod
    def discover(cls, found: Iterable[EntryPoint] | None = None) -> Registry:
        """Load every installed plugin, or those of `found`; a plugin that does not load is recorded, not raised."""
        points = (
            list(entry_points(group=ACTIONS)) + list(entry_points(group=POLICIES)) if found is None else list(found)
        )
        caller = HookCaller(LOAD_LIMIT_SECONDS)
        actions: dict[str, Action] = {}
        policies: list[Policy] = []
        broken: dict[str, PluginLoadError] = {}
        for group, name, named in _by_name(points):
            try:
                plugin = _load(named, caller)
                if group == POLICIES:
                    policies.append(_policy(plugin, _describe(plugin, PolicySpec, caller)))
                else:
                    actions[name] = _action(plugin, _describe(plugin, ActionSpec, caller))
            except PluginLoadError as error:
                broken[name] = error
        broken |= _account_errors(actions)
        actions = {name: action for name, action in actions.items() if name not in broken}
        broken_policies = frozenset(p.name for p in points if p.group == POLICIES and p.name in broken)
        return cls(actions, tuple(policies), broken, broken_policies)


def _account_errors(actions: Mapping[str, Action]) -> dict[str, PluginLoadError]:
    """Return an error for each action whose permissions others would hold, too: they share its ServiceAccount."""
    found = {}
    for name, action in actions.items():
        account, where = action.spec.service_account, f"plugin {name} ({action.distribution})"
        if account in _FOREIGN_ACCOUNTS:
            message = f"its ServiceAccount {account} is that of {_FOREIGN_ACCOUNTS[account]}: give the action its own"
            found[name] = PluginLoadError(f"{where}: {message}")
            continue
        others = sorted(
            other for other, spec in actions.items() if other != name and spec.spec.service_account == account
        )
        if others:
            message = f"its ServiceAccount {account} is also that of {', '.join(others)}: give each action its own"
            found[name] = PluginLoadError(f"{where}: {message}")
    return found


def _by_name(points: list[EntryPoint]) -> list[tuple[str, str, list[EntryPoint]]]:
    groups: dict[tuple[str, str], list[EntryPoint]] = {}
    for point in points:
        groups.setdefault((point.group, point.name), []).append(point)
    return [(group, name, same) for (group, name), same in sorted(groups.items())]


def _load(named: list[EntryPoint], caller: HookCaller) -> Plugin:
    """Return the verified plugin for the entry points of one name."""
    point = named[0]
    distributions = sorted({_distribution(p) for p in named})
    where = f"plugin {point.name} ({', '.join(distributions)})"
    if len({p.value for p in named}) > 1 or len(distributions) > 1:
        raise PluginLoadError(f"{where}: the name is used more than once: uninstall all but one of these distributions")
    if point.group == ACTIONS and (
        not is_label(point.name) or len(point.name) > MAX_ACTION_NAME_LENGTH or point.name == _RESERVED
    ):
        raise PluginLoadError(
            f"{where}: an action's name is lower-case letters, digits and '-', at most {MAX_ACTION_NAME_LENGTH}, "
            f"and not {_RESERVED!r}: rename the entry point"
        )
    try:
        module = caller.call_now(point.name, f"import of {point.value}", point.load)
    except HookError as error:
        raise PluginLoadError(f"{where}: {error}") from error
    _check_version(where, module)
    return Plugin(point.name, distributions[0], _verified_hooks(where, point, module))


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "no distribution"


def _check_version(where: str, module: object) -> None:
    version = getattr(module, "HOOK_VERSION", None)
    if version is None:
        raise PluginLoadError(f"{where}: it does not state its hook version: add `HOOK_VERSION = {HOOK_VERSION}`")
    if version != HOOK_VERSION:
        raise PluginLoadError(
            f"{where}: it is written for hook version {version}, and this engine uses {HOOK_VERSION}: install matching releases of the two"
        )


def _verified_hooks(where: str, point: EntryPoint, module: object) -> Any:
    manager = pluggy.PluginManager("kubernaut")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name=point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginLoadError(
            f"{where}: {str(error).strip()}; the hooks are {', '.join(sorted(_ALLOWED[point.group]))}"
        ) from error
    implemented = {caller.name: caller.get_hookimpls() for caller in manager.get_hookcallers(module) or ()}
    for name, implementations in implemented.items():
        if name not in _ALLOWED[point.group]:
            raise PluginLoadError(f"{where}: {name} is not a hook of {point.group}: remove it")
        if any(
            inspect.iscoroutinefunction(i.function) or inspect.isasyncgenfunction(i.function) for i in implementations
        ):
            raise PluginLoadError(f"{where}: {name} is async; hooks are plain functions: write `def {name}`")
    for name in _ALLOWED[point.group] - implemented.keys():
        if inspect.isroutine(getattr(module, name, None)) and name not in _REQUIRED[point.group]:
            raise PluginLoadError(
                f"{where}: {name} has the name of a hook but is not marked with @kubernaut.hookimpl: mark or rename it"
            )
    for name in _REQUIRED[point.group]:
        if name not in implemented:
            raise PluginLoadError(
                f"{where}: it has no {name} marked with @kubernaut.hookimpl, which every plugin of {point.group} must have"
            )
    return manager.hook


def _describe(plugin: Plugin, wanted: type[S], caller: HookCaller) -> S:
    """Call the plugin's `describe` and return what it returns, if it has the type that its group requires."""
    where = f"plugin {plugin.name} ({plugin.distribution})"
    describe: Callable[[], Any] = plugin.hook.describe
    try:
        spec = caller.call_now(plugin.name, "describe", describe)
    except HookError as error:
        cause = error.__cause__ or error
        detail = _first_problem(cause) if isinstance(cause, ValidationError) else str(error)
        raise PluginLoadError(f"{where}: {detail}") from error
    if not isinstance(spec, wanted):
        raise PluginLoadError(f"{where}: describe returned {type(spec).__name__}, not an {wanted.__name__}")
    return spec


def _policy(plugin: Plugin, spec: PolicySpec) -> Policy:
    return Policy(plugin.name, plugin.distribution, plugin.hook, spec)


def _action(plugin: Plugin, spec: ActionSpec) -> Action:
    if errors := condition_errors(spec.rules):
        raise PluginLoadError(f"plugin {plugin.name} ({plugin.distribution}): describe: {'; '.join(errors)}")
    return Action(plugin.name, plugin.distribution, plugin.hook, spec)


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"describe: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
