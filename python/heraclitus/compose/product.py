"""Products of the features of several transformers."""

from __future__ import annotations

import functools
import itertools
import math
import typing

from heraclitus import _frames
from heraclitus.base.transformer import BaseTransformer

from . import pipeline, union

__all__ = ["TransformerProduct"]


class TransformerProduct(union.TransformerUnion):
    """Multiplies each feature of a transformer with each of the others.

    Parameters
    ----------
    transformers
        The transformers, or pairs of a name and a transformer.

    Examples
    --------

    >>> from heraclitus.compose import Select
    >>> x = {"a": 2, "b": 3, "c": 5}
    >>> (Select("a") * Select("b", "c")).transform_one(x)
    {'a*b': 6, 'a*c': 10}
    >>> sorted((Select("a") + Select("a") * Select("c")).transform_one(x))
    ['a', 'a*c']
    """

    def __str__(self) -> str:
        return " * ".join(map(str, self.transformers.values()))

    def __repr__(self) -> str:
        return super().__repr__().replace("Union", "Product", 1)

    def __add__(self, other: typing.Any) -> union.TransformerUnion:
        """Both side by side."""
        return union.TransformerUnion(self, other)

    def __mul__(self, other: typing.Any) -> typing.Any:
        """Adds a factor to this product."""
        if isinstance(other, (BaseTransformer, pipeline.Pipeline)):
            return self._add_step(other)
        return super().__mul__(other)

    def _transform_one_by_steps(self, x: dict) -> dict:
        outputs = [part.transform_one(x) for part in self.transformers.values()]
        return {
            "*".join(map(str, names)): math.prod(out[name] for out, name in zip(outputs, names))
            for names in itertools.product(*outputs)
        }

    def transform_many(self, X: typing.Any) -> typing.Any:
        """All products as columns, in a frame of the kind that was given."""
        outputs = [part.transform_many(X) for part in self.transformers.values()]
        frames = [_frames.into_frame(output) for output in outputs]
        if frames[0].implementation.is_pandas():
            return _pandas_products(X, outputs)
        products = []
        for names in itertools.product(*(frame.columns for frame in frames)):
            columns = (frame[name] for frame, name in zip(frames, names))
            product = functools.reduce(lambda a, b: a * b, columns)
            products.append(product.rename("*".join(names)).to_frame())
        return _frames.side_by_side(products)


def _pandas_products(X: typing.Any, outputs: list[typing.Any]) -> typing.Any:
    """As for other frames, but what is sparse stays sparse."""
    import pandas as pd

    columns = {
        "*".join(map(str, names)): functools.reduce(
            _multiply, (out[name] for out, name in zip(outputs, names))
        )
        for names in itertools.product(*outputs)
    }
    return pd.DataFrame(columns, index=X.index)


def _multiply(a: typing.Any, b: typing.Any) -> typing.Any:
    import pandas as pd

    sparse = [isinstance(column.dtype, pd.SparseDtype) for column in (a, b)]
    if all(sparse) or not any(sparse):
        return a * b
    a, b = (a, b) if sparse[0] else (b, a)
    if a.dtype.fill_value != 0:
        return a * b
    # Only where the sparse column has a value is there something to multiply.
    places = a.array.sp_index
    values = a.array.sp_values * b.to_numpy()[places.to_int_index().indices]
    dtype = pd.SparseDtype(values.dtype, fill_value=0)
    array = pd.arrays.SparseArray(values, sparse_index=places, fill_value=0, dtype=dtype)
    return pd.Series(array, index=b.index)
