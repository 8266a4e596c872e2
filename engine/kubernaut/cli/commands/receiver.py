"""`kubernaut receiver`: Alertmanager's webhooks become runs of runbooks, with the rights of whoever sends them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kubernaut.cli.options import Context, Kubeconfig
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.telemetry.logs import keep_audit_log, log_to_stderr

Rate = Annotated[int, typer.Option(min=1, max=100_000, help="Executions that alerts may create in a minute, in all.")]
NamespaceRate = Annotated[
    int, typer.Option(min=1, max=100_000, help="Executions that alerts may create in a minute, in one namespace.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port of the webhooks; 0 for any free one.")]
ProbePort = Annotated[int, typer.Option(min=0, max=65535, help="The port of probes and metrics; 0 for none.")]
File = Annotated[Path | None, typer.Option(help="A PEM file; read again when it changes.", show_default=False)]


def receiver(
    tls_cert: File = None,
    tls_key: File = None,
    insecure_http: Annotated[
        bool, typer.Option("--insecure-http", help="Serve without TLS. Tokens can then be read on their way.")
    ] = False,
    address: Annotated[str, typer.Option(help="The address to listen on.")] = "0.0.0.0",  # noqa: S104 - a pod's own
    port: Port = 8443,
    probe_port: ProbePort = 8080,
    namespace: Annotated[
        list[str] | None,
        typer.Option("-n", "--namespace", help="A namespace whose runbooks alerts may begin; all by default."),
    ] = None,
    rate: Rate = 300,
    namespace_rate: NamespaceRate = 60,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Take Alertmanager's webhooks and begin the runs of runbooks that ask for their alerts, as whoever sends them, until stopped."""
    from kubernaut.receiver.process import ReceiverOptions, run_receiver  # noqa: PLC0415 - as the controller

    tls = _tls(tls_cert, tls_key, insecure_http)
    log_to_stderr(log_level)
    keep_audit_log()
    options = ReceiverOptions(address, port, probe_port, namespace or (), rate, namespace_rate)

    async def serve() -> None:
        await run_receiver(await Cluster.connect(kubeconfig, context=context), options, tls)

    asyncio.run(serve())


def _tls(certificate: Path | None, key: Path | None, insecure: bool) -> Callable[[], ssl.SSLContext] | None:
    """Return what makes the context of a connection; None for plain HTTP, which has to be asked for."""
    from kubernaut.receiver.serving_certificate import ServingCertificate  # noqa: PLC0415 - see above

    if insecure:
        if certificate or key:
            raise InputError("--insecure-http: there is a certificate as well; leave out one of the two")
        return None
    if certificate is None or key is None:
        raise InputError(
            "--tls-cert and --tls-key: are required, because webhooks carry tokens; --insecure-http serves without TLS all the same"
        )
    return ServingCertificate(certificate, key).context
