"""Gives a process a wall clock that jumps: on SIGUSR1, by as many seconds as the file $CLOCK_SKEW says. Its monotonic clock goes on."""

import os
import signal
import time
from pathlib import Path

import time_machine

_jumps = []


def _jump(_signal, _frame):
    while _jumps:
        _jumps.pop().stop()
    traveller = time_machine.travel(time.time() + float(Path(os.environ["CLOCK_SKEW"]).read_text("utf-8")), tick=True)
    traveller.start()
    _jumps.append(traveller)


signal.signal(signal.SIGUSR1, _jump)
