"""Rows of a database as a stream."""

from __future__ import annotations

import sys
import typing

from heraclitus import base


def _execute(query: typing.Any, conn: typing.Any) -> typing.Any:
    """The rows as dicts."""
    sqlalchemy = sys.modules.get("sqlalchemy")
    of_alchemy = any(cls.__module__.startswith("sqlalchemy.") for cls in type(conn).__mro__)
    if of_alchemy and sqlalchemy is not None:
        result = conn.execute(sqlalchemy.text(query) if isinstance(query, str) else query)
        return (dict(row._mapping) for row in result)
    cursor = conn.execute(query)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row)) for row in cursor)


def iter_sql(
    query: typing.Any, conn: typing.Any, target_name: str | None = None
) -> base.typing.Stream:
    """Iterates over the rows that a query gives.

    Parameters
    ----------
    query
        The query as text, or as SQLAlchemy writes it.
    conn
        What executes it: a connection or session of SQLAlchemy, or one of `sqlite3` or of another
        library whose connections have `execute`.
    target_name
        The column that holds the target.

    Examples
    --------

    >>> import sqlite3
    >>> from heraclitus import stream
    >>> conn = sqlite3.connect(":memory:")
    >>> _ = conn.execute("CREATE TABLE sales (shop TEXT, amount INTEGER)")
    >>> _ = conn.execute("INSERT INTO sales VALUES ('Hema', 20), ('Ikea', 18)")
    >>> for x, y in stream.iter_sql("SELECT * FROM sales", conn, target_name="amount"):
    ...     print(x, y)
    {'shop': 'Hema'} 20
    {'shop': 'Ikea'} 18
    """
    for x in _execute(query, conn):
        y = None if target_name is None else x.pop(target_name)
        yield x, y
