"""The latest values, sorted."""

from __future__ import annotations

import bisect
import collections
import typing

T = typing.TypeVar("T")


class SortedWindow(collections.UserList[T]):
    """The latest values in rising order.

    Parameters
    ----------
    size
        How many values are kept. The oldest one leaves when another comes.

    Examples
    --------

    >>> from heraclitus import utils
    >>> window = utils.SortedWindow(size=3)
    >>> for value in [5, 9, 1, 7]:
    ...     window.append(value)
    >>> window
    [1, 7, 9]
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.unsorted_window: collections.deque[T] = collections.deque(maxlen=size)

    @property
    def size(self) -> int:
        """How many values are kept at most."""
        return typing.cast(int, self.unsorted_window.maxlen)

    def append(self, item: T) -> None:
        """Takes a value in, and the oldest one out when the window is full."""
        if len(self.data) >= self.size:
            del self.data[bisect.bisect_left(self.data, self.unsorted_window[0])]  # type: ignore
        bisect.insort_left(self.data, item)  # type: ignore
        self.unsorted_window.append(item)
