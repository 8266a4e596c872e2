"""`kubernaut sandbox`: an embedded cluster with a running engine, until ctrl-c."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from kubernaut.cli.console import console
from kubernaut.cli.extras import require_sandbox, require_ui
from kubernaut.cli.options import Configuration, read_settings
from kubernaut.cli.page import show_page, until_stopped
from kubernaut.documents import DocumentError, load_all_yaml, read_document
from kubernaut.errors import InputError
from kubernaut.kube.config.private_file import write_private
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.logs import log_to_stderr

_MAX_MANIFEST_DEPTH = 200
"""The schema of a CustomResourceDefinition is nested twice as deeply as what it describes."""


def sandbox(
    kubeconfig: Annotated[Path, typer.Option("--kubeconfig", help="Where to write the kubeconfig.")] = Path(
        "sandbox.kubeconfig"
    ),
    load: Annotated[
        list[Path], typer.Option("--load", help="Manifests to start with instead of the usual ones; can be repeated.")
    ] = [],  # noqa: B006 - typer copies it
    config: Configuration = None,
    no_admission: Annotated[
        bool,
        typer.Option(
            "--no-admission", help="Without the admission policies, by which RBAC decides who runs which action."
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; any free one by default.")] = 0,
    ui: Annotated[bool, typer.Option("--ui", help="Serve the page as well, as the cluster's admin.")] = False,
    log_level: Annotated[
        str, typer.Option(help="The engine's log on standard error: debug, info, warning or error.")
    ] = "info",
) -> None:
    """Serve an embedded cluster with a running engine, until ctrl-c."""
    require_sandbox()
    log_to_stderr(log_level, as_json=False)
    objects = read_manifests(load) if load else None
    if ui:
        require_ui()
    settings = read_settings(config, None)
    asyncio.run(_serve(kubeconfig.absolute(), objects, port, settings, admission=not no_admission, with_page=ui))


def read_manifests(files: list[Path]) -> list[dict[str, Any]]:
    """Return the manifests of these YAML files. Raises InputError for a file or document that is not one."""
    documents = []
    for file in files:
        try:
            documents += [d for d in load_all_yaml(read_document(file), _MAX_MANIFEST_DEPTH) if d]
        except DocumentError as error:
            raise InputError(f"--load {file}: cannot be read as YAML: {error}") from error
    for document in documents:
        if not isinstance(document, dict) or "kind" not in document or not isinstance(document.get("metadata"), dict):
            beginning = str(document)[:60]
            raise InputError(f"--load: {beginning!r} is not a manifest: it needs apiVersion, kind and metadata")
    return documents


def missing_namespaces(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the namespaces that the manifests name and do not contain; `production` where they name none, for the actions to work in."""
    contained = {document["metadata"]["name"] for document in documents if document["kind"] == "Namespace"}
    named = {document["metadata"].get("namespace", "") for document in documents} - {"", "default"}
    missing = named - contained or ({"production"} if not contained else set())
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(missing)]


def write_kubeconfig(file: Path, document: dict[str, Any]) -> None:
    """Write a kubeconfig that no other user can read at any moment, as it has tokens in it. Raises InputError naming the file."""
    try:
        write_private(file, yaml.safe_dump(document))
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise InputError(f"--kubeconfig {file}: {problem}; name a file in a directory of yours") from error


async def _serve(
    kubeconfig: Path,
    objects: list[dict[str, Any]] | None,
    port: int,
    settings: Settings,
    *,
    admission: bool,
    with_page: bool,
) -> None:
    from kubernaut.embedded.cluster import embedded  # noqa: PLC0415 - an optional part
    from kubernaut.embedded.users import AGENT, ON_CALL, ON_CALL_ACTIONS, USERS, VIEWER  # noqa: PLC0415

    if objects is not None:
        objects = [*missing_namespaces(objects), *objects]
    namespaces = {d["metadata"]["name"] for d in objects or [] if d["kind"] == "Namespace"} or {"production"}
    registry = Registry.discover()
    async with embedded(
        registry,
        settings=settings,
        port=port,
        objects=objects,
        namespaces=sorted(namespaces),
        admission=admission,
    ) as running:
        write_kubeconfig(kubeconfig, running.sandbox.kubeconfig(others=USERS))
        out = console()
        out.print(f"serving {running.sandbox.url}; ctrl-c stops it and deletes everything in it")
        out.print(f"  export KUBECONFIG={kubeconfig}")
        out.print("  kubectl get kex -A -w")
        out.print("  kubernaut execute scale -n production -p name=web -p replicas=3")
        if admission:
            allowed = " and ".join(ON_CALL_ACTIONS)
            others = f"{ON_CALL} (may run {allowed}), {AGENT} (may propose them) and {VIEWER} (may only read)"
            out.print(f"Its contexts are sandbox (the admin), {others}:")
            out.print(f"  kubectl config use-context {ON_CALL}")
        async with show_page(running.cluster, None, registry, out=out) if with_page else nullcontext():
            await until_stopped()
