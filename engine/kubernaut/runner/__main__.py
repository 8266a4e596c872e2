"""`python -m kubernaut.runner MODULE`: what the container of a `runner_job` runs."""

from __future__ import annotations

import sys

from kubernaut.runner.main import run_module

if len(sys.argv) < 2:
    sys.exit("usage: python -m kubernaut.runner MODULE")
del sys.argv[0]
run_module(sys.argv[0])
