"""Rows of a LIBSVM file as a stream."""

from __future__ import annotations

import typing
from collections.abc import Callable

from heraclitus import base

from . import utils
from .typing import Compression, FilePath


def iter_libsvm(
    filepath_or_buffer: FilePath | typing.TextIO,
    target_type: Callable[[str], typing.Any] = float,
    compression: Compression | None = "infer",
) -> base.typing.Stream:
    """Iterates over the lines of a file in the format of LIBSVM: `target name:value name:value`.

    Parameters
    ----------
    filepath_or_buffer
        A path, or a text file that is open already and stays open.
    target_type
        What turns the target's text into a value.
    compression
        `gzip`, `zip`, `bz2`, `xz` or `None`; `infer` goes by the file's name.

    Examples
    --------

    >>> import io
    >>> from heraclitus import stream
    >>> file = io.StringIO("+1 x:-134.26 y:0.25\\n-1 y:.5 # a comment\\n")
    >>> for x, y in stream.iter_libsvm(file, target_type=int):
    ...     print(x, y)
    {'x': -134.26, 'y': 0.25} 1
    {'y': 0.5} -1
    """
    with utils.opened(filepath_or_buffer, compression) as file:
        for line in file:
            fields = line.split("#", 1)[0].split()
            if not fields:
                continue
            x: dict[typing.Hashable, float] = {}
            for field in fields[1:]:
                name, value = field.split(":")
                x[name] = float(value)
            yield x, target_type(fields[0])
