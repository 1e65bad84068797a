"""Additions to the encoders of categories."""

from __future__ import annotations

import collections
import typing

from .. import _frames, _kinds
from .._spec import to_spec

Event = dict[typing.Any, typing.Any]


def _printed(value: typing.Any) -> str:
    """A category as the core prints it in names."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _is_missing(value: typing.Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _records(X: typing.Any) -> list[Event]:
    """The rows of a frame, with `None` for what is missing."""
    return [
        {name: None if _is_missing(value) else value for name, value in row.items()}
        for row in _frames.rows(X)
    ]


class OrdinalEncoder:
    def _spec_params(self: typing.Any) -> Event:
        params = _kinds.Transformer._spec_params(self)
        if self.categories is not None:
            params["categories"] = {
                str(f): {_printed(c): code for c, code in codes.items()}
                for f, codes in self.categories.items()
            }
        params["unknown_value"] = self.unknown_value
        return params

    @property
    def values(self: typing.Any) -> collections.defaultdict:
        """The code of each category, by feature."""
        known = self._attribute("values") if self.categories is None else self.categories
        return collections.defaultdict(dict, known)

    def transform_one(self: typing.Any, x: Event) -> Event:
        """Transform a set of features `x`: a feature that is `None` becomes `none_value`."""
        known = self._transform_whole(x)
        return {
            f: self.none_value if v is None else known.get(f, self.unknown_value)
            for f, v in x.items()
        }

    def learn_many(self: typing.Any, X: typing.Any, y: typing.Any = None) -> None:
        """Learn from the rows of a frame, one after the other.

        Parameters
        ----------
        X
            A frame, an event a row. What is missing in it is not learned from.
        y
            Not used.

        """
        for x in _records(X):
            self.learn_one(x)

    def transform_many(self: typing.Any, X: typing.Any) -> typing.Any:
        """Transform the rows of a frame.

        Parameters
        ----------
        X
            A frame, an event a row.

        Returns
        -------
        A frame of the same library with a whole number for every value.

        """
        rows = [self.transform_one(x) for x in _records(X)]
        names = list(_frames.into_frame(X).columns)
        return _frames.whole(X, {name: [row[name] for row in rows] for name in names})


class OneHotEncoder:
    def _spec_params(self: typing.Any) -> Event:
        params = _kinds.Transformer._spec_params(self)
        if self.categories is not None:
            params["categories"] = {
                str(f): sorted((to_spec(c) for c in of), key=str)
                for f, of in self.categories.items()
            }
        return params

    @property
    def values(self: typing.Any) -> collections.defaultdict:
        """The categories of each feature; those that were met, as they are printed in names."""
        if self.categories is not None:
            return collections.defaultdict(set, self.categories)
        met = self._attribute("values")
        return collections.defaultdict(set, {f: set(of) for f, of in met.items()})

    def _outputs(self: typing.Any) -> list[str]:
        """The features that come out of every event."""
        if self.categories is None:
            return self._attribute("outputs")
        return [f"{f}_{_printed(c)}" for f, of in self.categories.items() for c in of]

    def _allows(self: typing.Any, feature: typing.Any, category: typing.Any) -> bool:
        return self.categories is None or category in self.categories.get(feature, ())

    def learn_one(self: typing.Any, x: Event) -> None:
        """Update with a set of features `x`, whose values may be lists of categories."""
        for event in _one_by_one(x):
            _kinds.Transformer.learn_one(self, event)

    def transform_one(self: typing.Any, x: Event) -> Event:
        """Transform a set of features `x`: ones and zeros are `int`, as in River."""
        if not any(isinstance(v, list | set | tuple) for v in x.values()):
            return self._transform_whole(x)
        found = {} if self.drop_zeros else dict.fromkeys(self._outputs(), 0)
        for event in _one_by_one(x):
            found |= {f"{f}_{_printed(c)}": 1 for f, c in event.items() if self._allows(f, c)}
        if self.drop_first and found:
            del found[min(found)]
        return found

    def learn_many(self: typing.Any, X: typing.Any) -> None:
        """Learn the categories of a frame.

        Parameters
        ----------
        X
            A frame, an event a row. What is missing in it is not learned from.

        """
        if self.drop_zeros or self.categories is not None:
            return
        for x in _records(X):
            self.learn_one(x)

    def transform_many(self: typing.Any, X: typing.Any) -> typing.Any:
        """Transform the rows of a frame.

        Parameters
        ----------
        X
            A frame, an event a row.

        Returns
        -------
        A frame of the same library with a column of 0 and 1 for each category that was met, or is
        in these rows. With `drop_first` one column is left out, the first by name.

        """
        rows = [
            {f"{f}_{_printed(c)}" for f, c in x.items() if c is not None and self._allows(f, c)}
            for x in _records(X)
        ]
        outputs = dict.fromkeys([] if self.drop_zeros else self._outputs())
        for row in rows:
            outputs |= dict.fromkeys(row)
        names = sorted(outputs)[1 if self.drop_first else 0 :]
        columns = {name: [int(name in row) for row in rows] for name in names}
        if type(X).__module__.partition(".")[0] != "pandas":
            return _frames.whole(X, columns)
        import pandas as pd

        sparse = {n: pd.arrays.SparseArray(v, dtype="uint8") for n, v in columns.items()}
        return pd.DataFrame(sparse, index=X.index)


def _one_by_one(x: Event) -> list[Event]:
    """An event for each category of a feature that has several."""
    several = {f: list(v) for f, v in x.items() if isinstance(v, list | set | tuple)}
    if not several:
        return [x]
    single = {f: v for f, v in x.items() if f not in several}
    events = [
        {f: v[i] for f, v in several.items() if i < len(v)}
        for i in range(max(len(v) for v in several.values()))
    ]
    return [single | events[0], *events[1:]] if events else [single]
