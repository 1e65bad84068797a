"""Text for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heraclitus.base._memory import humanize_bytes

__all__ = ["humanize_bytes", "print_table"]


def print_table(
    headers: Sequence[str], columns: Sequence[Sequence[str]], order: Iterable[int] | None = None
) -> str:
    """A table as text.

    Parameters
    ----------
    headers
        The names of the columns.
    columns
        Their values, which are aligned to the right.
    order
        The numbers of the rows in the order in which they appear; all of them when left out.

    Examples
    --------

    >>> from heraclitus.utils.pretty import print_table
    >>> table = print_table(["name", "n"], [["a", "bb"], ["10", "2"]], order=[1, 0])
    >>> print("\\n".join(line.rstrip() for line in table.splitlines()))
    name   n
      bb    2
       a   10
    """
    if len(headers) != len(columns):
        raise ValueError(f"there are {len(headers)} headers and {len(columns)} columns")
    if len({len(column) for column in columns}) > 1:
        raise ValueError("all the columns must have the same number of values")
    widths = [max(map(len, [name, *column])) for name, column in zip(headers, columns)]
    rows = [tuple(headers)]
    for i in range(len(columns[0])) if order is None else order:
        rows.append(tuple(column[i].rjust(width) for column, width in zip(columns, widths)))
    lines = (" ".join(cell.ljust(width + 2) for cell, width in zip(row, widths)) for row in rows)
    return "\n".join(lines)
