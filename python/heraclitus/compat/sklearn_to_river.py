"""Models of scikit-learn that learn from one event at a time."""

from __future__ import annotations

import copy
import typing
from collections.abc import Iterator

import numpy as np
from sklearn import base as sklearn_base
from sklearn import exceptions as sklearn_exceptions

from heraclitus import base, utils

__all__ = ["SKL2RiverClassifier", "SKL2RiverRegressor", "convert_sklearn_to_river"]

Features = dict[base.typing.FeatureName, typing.Any]


def convert_sklearn_to_river(
    estimator: typing.Any, classes: list[base.typing.ClfTarget] | None = None
) -> SKL2RiverRegressor | SKL2RiverClassifier:
    """A model of scikit-learn as one of this package.

    Parameters
    ----------
    estimator
        A regressor or classifier that has `partial_fit`. It is copied.
    classes
        All classes that there can be; for classifiers only, which need them.
    """
    if not hasattr(estimator, "partial_fit"):
        raise ValueError(f"{estimator} does not have a partial_fit method")
    if isinstance(estimator, sklearn_base.RegressorMixin):
        if classes is not None:
            raise ValueError("classes is only used for classifiers, and this is a regressor")
        return SKL2RiverRegressor(copy.deepcopy(estimator))
    if isinstance(estimator, sklearn_base.ClassifierMixin):
        if classes is None:
            raise ValueError("classes must be provided for a classifier")
        return SKL2RiverClassifier(copy.deepcopy(estimator), classes=classes)
    raise ValueError(f"{estimator} is neither a regressor nor a classifier")


def _plain(value: typing.Any) -> typing.Any:
    return value.item() if isinstance(value, np.generic) else value


class SKL2RiverBase:
    """What both wrappers share: features are told apart by position, in the first event's order."""

    def __init__(self, estimator: typing.Any) -> None:
        self.estimator = estimator
        self._feature_names: list[base.typing.FeatureName] | None = None

    def clone(
        self, new_params: dict[str, typing.Any] | None = None, include_attributes: bool = False
    ) -> typing.Self:
        params = dict(new_params or {})
        if not include_attributes:
            # A copy would keep what the wrapped model has learned.
            params.setdefault("estimator", sklearn_base.clone(self.estimator))
        return super().clone(params, include_attributes)  # type: ignore[misc]

    def _align_dict(self, x: Features) -> list[typing.Any]:
        if self._feature_names is None:
            self._feature_names = list(x)
        return [x[name] for name in self._feature_names]

    def _align_frame(self, X: typing.Any) -> typing.Any:
        frame = utils.dataframe.into_frame(X)
        columns = list(frame.columns)
        if self._feature_names is None:
            self._feature_names = columns
        if columns == self._feature_names:
            return frame
        missing = [name for name in self._feature_names if name not in columns]
        if missing:
            raise ValueError(f"features are missing from the mini-batch: {missing}")
        import narwhals.stable.v2 as nw

        # By `col`, as a column of pandas need not be named by text.
        return frame.select(nw.col(self._feature_names))

    def _unit_test_skips(self) -> set[str]:
        return {
            "check_disappearing_features",
            "check_emerging_features",
            "check_radically_disappearing_features",
        }


class SKL2RiverRegressor(SKL2RiverBase, base.Regressor):
    """A regressor of scikit-learn, one event at a time.

    Before it has learned anything it predicts 0.

    Parameters
    ----------
    estimator
        A regressor of scikit-learn that has `partial_fit`.

    Examples
    --------

    >>> from sklearn import linear_model
    >>> from heraclitus import compat
    >>> model = compat.convert_sklearn_to_river(linear_model.SGDRegressor(random_state=1))
    >>> for x in [1, 2, 3] * 1000:
    ...     model.learn_one({"x": x}, 2.0 * x)
    >>> round(model.predict_one({"x": 4}))
    8
    """

    def learn_one(self, x: Features, y: base.typing.RegTarget) -> None:
        self.estimator.partial_fit(X=[self._align_dict(x)], y=[y])

    def learn_many(self, X: typing.Any, y: typing.Any) -> None:
        """Learns from a frame and a series."""
        self.estimator.partial_fit(X=self._align_frame(X).to_native(), y=y)

    def predict_one(self, x: Features) -> base.typing.RegTarget:
        try:
            return _plain(self.estimator.predict(X=[self._align_dict(x)])[0])
        except sklearn_exceptions.NotFittedError:
            return 0

    def predict_many(self, X: typing.Any) -> typing.Any:
        """A series of predictions for a frame."""
        frame = self._align_frame(X)
        try:
            values = self.estimator.predict(frame.to_native())
        except sklearn_exceptions.NotFittedError:
            values = np.zeros(len(frame), dtype=np.int64)
        return utils.dataframe.to_native_series(values, name=None, like=frame)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, typing.Any]]:
        from sklearn import linear_model

        yield {"estimator": linear_model.SGDRegressor()}


class SKL2RiverClassifier(SKL2RiverBase, base.Classifier):
    """A classifier of scikit-learn, one event at a time.

    Before it has learned anything all classes have the same probability.

    Parameters
    ----------
    estimator
        A classifier of scikit-learn that has `partial_fit`.
    classes
        All classes that there can be.

    Examples
    --------

    >>> from sklearn import linear_model
    >>> from heraclitus import compat
    >>> model = compat.convert_sklearn_to_river(
    ...     linear_model.SGDClassifier(loss="log_loss", random_state=1), classes=[False, True]
    ... )
    >>> model.predict_proba_one({"x": 1})
    {False: 0.5, True: 0.5}
    >>> for x in [1, -1] * 50:
    ...     model.learn_one({"x": x}, x > 0)
    >>> model.predict_one({"x": 3})
    True
    """

    def __init__(self, estimator: typing.Any, classes: list[base.typing.ClfTarget]) -> None:
        super().__init__(estimator)
        self.classes = classes

    @property
    def _multiclass(self) -> bool:
        return len(self.classes) > 2

    def learn_one(self, x: Features, y: base.typing.ClfTarget) -> None:
        self.estimator.partial_fit(X=[self._align_dict(x)], y=[y], classes=self.classes)

    def learn_many(self, X: typing.Any, y: typing.Any) -> None:
        """Learns from a frame and a series."""
        self.estimator.partial_fit(X=self._align_frame(X).to_native(), y=y, classes=self.classes)

    def predict_proba_one(
        self, x: Features, **kwargs: typing.Any
    ) -> dict[base.typing.ClfTarget, float]:
        try:
            shares = self.estimator.predict_proba([self._align_dict(x)])[0]
        except sklearn_exceptions.NotFittedError:
            shares = [1 / len(self.classes)] * len(self.classes)
        return {label: float(share) for label, share in zip(self.classes, shares)}

    def predict_proba_many(self, X: typing.Any) -> typing.Any:
        """A frame with a column of probabilities for each class."""
        frame = self._align_frame(X)
        try:
            shares = self.estimator.predict_proba(frame.to_native())
        except sklearn_exceptions.NotFittedError:
            shares = np.full((len(frame), len(self.classes)), 1 / len(self.classes))
        return utils.dataframe.to_native_frame(shares, like=frame, columns=self.classes)

    def predict_one(self, x: Features, **kwargs: typing.Any) -> base.typing.ClfTarget:
        try:
            return _plain(self.estimator.predict(X=[self._align_dict(x)])[0])
        except sklearn_exceptions.NotFittedError:
            return self.classes[0]

    def predict_many(self, X: typing.Any) -> typing.Any:
        """A series of classes for a frame."""
        frame = self._align_frame(X)
        try:
            labels = self.estimator.predict(frame.to_native())
        except sklearn_exceptions.NotFittedError:
            labels = [self.classes[0]] * len(frame)
        return utils.dataframe.to_native_series(labels, name=None, like=frame)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, typing.Any]]:
        from sklearn import linear_model

        model = linear_model.SGDClassifier(loss="log_loss")
        yield {"estimator": model, "classes": [False, True]}
