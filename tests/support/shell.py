"""The command line as a person uses it: a process, its exit code, and what it says."""

import asyncio
import os
import sys

import yaml


async def command(*words, environment=None):
    """Run `kubernaut WORDS`; returns exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kubernaut.cli",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out.decode(), err.decode()


def as_admin(site, folder):
    """The words that point a command at the site's cluster and namespace, as its admin."""
    if site.sandbox is None:
        return ("-n", site.namespace)
    config = folder / "admin.kubeconfig"
    config.write_text(yaml.safe_dump(site.sandbox.kubeconfig()), "utf-8")
    return ("-n", site.namespace, "--kubeconfig", str(config))
