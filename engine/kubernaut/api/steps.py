"""The two steps of every execution: containers of its Job's pod."""

from __future__ import annotations

DRY_RUN, EXECUTE = "dry-run", "execute"
