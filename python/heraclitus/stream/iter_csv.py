"""Rows of a CSV file as a stream."""

from __future__ import annotations

import csv
import datetime as dt
import os
import random
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from . import utils


class DictReader(csv.DictReader):
    """A `csv.DictReader` that leaves out rows at random.

    Parameters
    ----------
    fraction
        The share of rows to keep, between 0 and 1.
    rng
        What draws.
    args
        Arguments of `csv.DictReader`.
    kwargs
        Arguments of `csv.DictReader` by name.
    """

    def __init__(
        self, fraction: float, rng: random.Random, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fraction = fraction
        self.rng = rng

    def __next__(self) -> dict[str, Any]:
        row = super().__next__()
        while self.fraction < 1.0 and self.rng.random() > self.fraction:
            row = super().__next__()
        return row


def iter_csv(
    filepath_or_buffer: str | os.PathLike[str] | TextIO,
    target: str | list[str] | None = None,
    converters: dict[str, Callable[[Any], Any]] | None = None,
    parse_dates: dict[str, str] | None = None,
    drop: list[str] | None = None,
    drop_nones: bool = False,
    fraction: float = 1.0,
    compression: str | None = "infer",
    seed: int | None = None,
    field_size_limit: int | None = None,
    **kwargs: Any,
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Iterates over the rows of a CSV file, without loading it.

    Parameters
    ----------
    filepath_or_buffer
        A path, or a text file that is open already and stays open.
    target
        The column that holds the target; a list gives dicts of targets.
    converters
        What turns a column's text into a value, by column.
    parse_dates
        The format of columns that hold dates, as for `strptime`, by column.
    drop
        Columns to leave out.
    drop_nones
        Whether to leave out fields without a value.
    fraction
        The share of rows to keep, between 0 and 1, drawn at random.
    compression
        `gzip`, `zip`, `bz2`, `xz` or `None`; `infer` goes by the file's name.
    seed
        Fixes which rows are drawn.
    field_size_limit
        The largest field in characters, while this stream is read.
    kwargs
        Anything that `csv.DictReader` takes, such as `delimiter`.

    Examples
    --------

    >>> import io
    >>> from heraclitus import stream
    >>> file = io.StringIO("name,year,rating\\nPlanet Earth,2006,9.4\\nBand,2001,9.5\\n")
    >>> for x, y in stream.iter_csv(file, target="rating", converters={"rating": float}):
    ...     print(x, y)
    {'name': 'Planet Earth', 'year': '2006'} 9.4
    {'name': 'Band', 'year': '2001'} 9.5
    """
    if not 0.0 < fraction <= 1.0:
        raise ValueError(f"fraction is {fraction}, it must be above 0 and at most 1")
    before = csv.field_size_limit() if field_size_limit is None else field_size_limit
    before = csv.field_size_limit(before)
    try:
        with utils.opened(filepath_or_buffer, compression) as file:
            for x in DictReader(fraction, random.Random(seed), file, **kwargs):
                yield _event(x, target, converters or {}, parse_dates or {}, drop or (), drop_nones)
    finally:
        csv.field_size_limit(before)


def _event(x, target, converters, parse_dates, drop, drop_nones):
    for name in drop:
        x.pop(name, None)
    for name, convert in converters.items():
        if name in x:
            x[name] = convert(x[name])
    if drop_nones:
        x = {name: value for name, value in x.items() if value is not None}
    for name, form in parse_dates.items():
        if name in x:
            x[name] = dt.datetime.strptime(x[name], form)
    if isinstance(target, list):
        return x, {name: x.pop(name) for name in target}
    return x, None if target is None else x.pop(target)
