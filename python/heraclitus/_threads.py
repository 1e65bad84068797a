"""How many threads the members of ensembles work on."""

from __future__ import annotations

from . import _native


def set_num_threads(n: int) -> None:
    """Let the members of an ensemble work on so many threads at once, where that is faster.

    It is a setting of the process and changes no result by a bit, so neither models nor files
    know of it. Every ensemble tries now and then which way is faster and keeps to it: small ones
    stay on one thread. Bagging, random patches and all forests can share their members out, as
    long as the members are models alone or models behind scalers.

    Parameters
    ----------
    n
        How many threads, the calling one among them, 1 to 64. It is 1 until this is called.

    Examples
    --------
    >>> import heraclitus
    >>> heraclitus.set_num_threads(2)
    >>> heraclitus.get_num_threads()
    2
    >>> heraclitus.set_num_threads(1)

    """
    _native.set_num_threads(n)


def get_num_threads() -> int:
    """On how many threads the members of ensembles may work."""
    return _native.get_num_threads()
