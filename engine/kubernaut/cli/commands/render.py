"""`kubernaut render`: the Job that an execution would become, without any cluster."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kubernaut.admission.decisions import Rejected
from kubernaut.admission.policies import PolicyChecker
from kubernaut.admission.validation import Validator
from kubernaut.api.execution import ExecutionSpec
from kubernaut.api.view import ExecutionView
from kubernaut.caller.action_reference import installed_action
from kubernaut.cli.console import print_manifests
from kubernaut.cli.options import (
    ActionName,
    Configuration,
    Image,
    ManifestFormat,
    Parameter,
    ParameterFile,
    read_settings,
)
from kubernaut.cli.parameters import read_parameters
from kubernaut.controller.launcher import build_job
from kubernaut.errors import InputError
from kubernaut.kube.objects import Object
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.overrides import apply_settings
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings

_NO_UID = "00000000-0000-0000-0000-000000000000"


def render(
    action: ActionName,
    namespace: Annotated[str, typer.Option("-n", "--namespace", help="The execution's namespace.")] = "default",
    parameter: Parameter = [],  # noqa: B006 - typer copies it
    file: ParameterFile = None,
    name: Annotated[str, typer.Option(help="The execution's name.")] = "example",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="The Job of an execution that stops after the dry run.")
    ] = False,
    config: Configuration = None,
    image: Image = None,
    output: ManifestFormat = "yaml",
) -> None:
    """Print the Job that an execution would become, without any cluster."""
    settings = read_settings(config, image)
    registry = apply_settings(Registry.discover(), settings)
    parameters = read_parameters(parameter, file, installed_action(action, registry).spec.parameters)
    spec = ExecutionSpec(action=action, parameters=parameters, dry_run=dry_run)
    metadata = {"name": name, "namespace": namespace, "uid": _NO_UID}
    execution = ExecutionView({"metadata": metadata, "spec": spec.to_json()})
    print_manifests([asyncio.run(_build_job(registry, settings, execution))], output)


async def _build_job(registry: Registry, settings: Settings, execution: ExecutionView) -> Object:
    hooks = HookCaller(settings.hook_limit_seconds)
    validator = Validator(registry, hooks, settings.image, PolicyChecker(registry, hooks))
    decision = await validator.validate(execution)
    if isinstance(decision, Rejected):
        raise InputError(decision.message)
    return await build_job(hooks, decision, settings.job_backstop_seconds)
