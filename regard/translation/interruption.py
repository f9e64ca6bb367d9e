"""Ctrl-C while training: the first asks to stop, the second stops."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody has `asked` to stop, and then to stop `at_once`."""

    def __init__(self) -> None:
        self.asked = False
        self.at_once = False
        self._breakable = False

    @contextlib.contextmanager
    def breakable(self) -> Iterator[None]:
        """Work that may be thrown away: within it the first Ctrl-C is a KeyboardInterrupt."""
        self._breakable = True
        try:
            yield
        finally:
            self._breakable = False

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.at_once, self.asked = self.asked, True
        if self.at_once:
            raise KeyboardInterrupt
        # print() could be in the middle of a line of its own here
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), b"\nStopping: saving first. Once more stops at once.\n")
        if self._breakable:
            raise KeyboardInterrupt


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Listen for SIGINT and SIGTERM; outside the main thread nothing can be heard."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, interruption._signalled)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
