"""The command `her`, as the package brings it."""

from __future__ import annotations

import signal
import sys

from . import _native

__all__ = ["main"]


def main() -> None:
    """Run `her` with the arguments of this process, and exit as it does."""
    # Ctrl-C is for `her`, which knows how to end; Python's handler would wait for it to return.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(_native.command(["her", *sys.argv[1:]]))
