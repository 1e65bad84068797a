"""Rows of an ARFF file as a stream."""

from __future__ import annotations

import csv
import re
import sys
import typing
from collections.abc import Callable, Iterator

from heraclitus import base

from . import utils
from .typing import Compression, FilePath

_ATTRIBUTE = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+(.+)$""", re.IGNORECASE)
_NUMBERS = ("numeric", "real", "integer")
_TEXTS = ("string", "date", "{")

Cast = Callable[[str], typing.Any] | None


def _error(message: str) -> Exception:
    """An error of scipy's, where someone may wait for it, as River leaves the header to scipy."""
    arff = sys.modules.get("scipy.io.arff")
    return (arff.ParseArffError if arff else ValueError)(f"Error while parsing header: {message}")


def _read_header(file: typing.TextIO) -> list[tuple[str, Cast]]:
    """The attributes: their names, and what turns text into values."""
    attributes: list[tuple[str, Cast]] = []
    for line in file:
        line = line.strip()
        if not line.startswith("@") or line.lower().startswith("@relation"):
            continue
        if line.lower().startswith("@data"):
            return attributes
        found = _ATTRIBUTE.match(line)
        if found is None:
            raise _error(f"{line!r} is no attribute")
        name, kind = found[1], found[2].lower()
        if name[0] in "'\"":
            name = name[1:-1]
        if kind.startswith(_NUMBERS):
            attributes.append((name, float))
        elif kind.startswith(_TEXTS):
            attributes.append((name, None))
        else:
            raise _error(f"attribute {name} has the unknown type {found[2]!r}")
    raise _error("there is no @data")


def _split(row: str) -> list[str]:
    """The fields of a row; a comma within quotes belongs to the field."""
    for quote in "'\"":
        if quote in row:
            return next(csv.reader([row], quotechar=quote, skipinitialspace=True, escapechar="\\"))
    return row.split(",")


def _dense(row: str, attributes: list[tuple[str, Cast]]) -> dict[typing.Hashable, typing.Any]:
    return {
        name: cast(value) if cast else value
        for (name, cast), value in zip(attributes, _split(row))
        if value not in ("?", "")
    }


def _sparse(row: str, attributes: list[tuple[str, Cast]]) -> dict[typing.Hashable, typing.Any]:
    fields = (field.split(None, 1) for field in _split(row.strip()[1:-1].strip()) if field)
    return {attributes[int(index)][0]: value for index, value in fields}


def iter_arff(
    filepath_or_buffer: FilePath | typing.TextIO,
    target: str | list[str] | None = None,
    compression: Compression | None = "infer",
    sparse: bool = False,
) -> base.typing.Stream:
    """Iterates over the rows of a file in Weka's format.

    What is missing, written `?`, is left out of an event.

    Parameters
    ----------
    filepath_or_buffer
        A path, or a text file that is open already and stays open.
    target
        The attribute that holds the target; a list gives dicts of targets, in which a missing one
        is 0.
    compression
        `gzip`, `zip`, `bz2`, `xz` or `None`; `infer` goes by the file's name.
    sparse
        Whether rows are written as `{number value, number value}`. Values stay text then.

    Examples
    --------

    >>> import io
    >>> from heraclitus import stream
    >>> file = io.StringIO('''@relation cars
    ... @attribute make {Honda, Ford}
    ... @attribute year numeric
    ... @attribute price numeric
    ... @data
    ... Honda,2019,16000
    ... Ford,?,25000
    ... ''')
    >>> for x, y in stream.iter_arff(file, target="price"):
    ...     print(x, y)
    {'make': 'Honda', 'year': 2019.0} 16000.0
    {'make': 'Ford'} 25000.0
    """
    with utils.opened(filepath_or_buffer, compression) as file:
        attributes = _read_header(file)
        for row in _rows(file):
            x = _sparse(row, attributes) if sparse else _dense(row, attributes)
            if target is None:
                yield x, None
            elif isinstance(target, str):
                y = x.pop(target, None)
                yield x, y
            else:
                ys = {name: x.pop(name, 0) for name in target}
                yield x, ys


def _rows(file: typing.TextIO) -> Iterator[str]:
    """The lines that are neither empty nor comments."""
    for line in file:
        row = line.rstrip()
        if row and not row.startswith("%"):
            yield row
