"""The command line.

It uses every package of the engine, and the same client and readers of pods as the controller; it never talks to an engine. Start with
`app`: it registers the commands of `commands`, one module each, and turns errors into exit codes. `options` has the options that they
share, `executions` creates and reads executions, and `views` turns them into text.
"""

from __future__ import annotations

from kubernaut.cli.app import main

__all__ = ["main"]
