"""The command line as a person uses it: a process, its exit code and its output."""

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import sys
import termios

import yaml


async def command(*words, environment=None):
    """Run `kubernaut WORDS` and return exit code, standard output and standard error."""
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


async def on_terminal(*words, environment=None, columns=120, typed=""):
    """Run `kubernaut WORDS` on a terminal where somebody types this, and return its exit code and everything that was written."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kubernaut.cli",
        *words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**inherited, "TERM": "xterm-256color", **(environment or {})},
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    written = await asyncio.wait_for(asyncio.to_thread(_read_all, ours), 90)
    return await process.wait(), written.decode()


def _read_all(terminal):
    written = b""
    with contextlib.suppress(OSError):  # Linux reports in this way that the other side is closed
        while chunk := os.read(terminal, 65_536):
            written += chunk
    os.close(terminal)
    return written


def as_admin(site, folder):
    """Return the options that connect a command to the site's cluster and namespace, as its admin."""
    if site.sandbox is None:
        return ("-n", site.namespace)
    return as_user(site, folder, "admin", site.sandbox.kubeconfig())


def as_user(site, folder, user, document=None):
    """Return these options for any user of the sandbox, who has the permissions that were granted to them."""
    config = folder / f"{user}.kubeconfig"
    config.write_text(yaml.safe_dump(document or site.sandbox.kubeconfig(user=user)), "utf-8")
    return ("-n", site.namespace, "--kubeconfig", str(config))
