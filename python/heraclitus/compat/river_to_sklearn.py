"""Models of this package in the way of scikit-learn."""

from __future__ import annotations

import copy
import typing

import numpy as np
from sklearn import base as sklearn_base
from sklearn import pipeline, preprocessing
from sklearn.utils import multiclass, validation

from heraclitus import base, compose, stream

__all__ = [
    "River2SKLClassifier",
    "River2SKLClusterer",
    "River2SKLRegressor",
    "River2SKLTransformer",
    "convert_river_to_sklearn",
]


def convert_river_to_sklearn(estimator: base.Estimator) -> typing.Any:
    """A model of this package as one of scikit-learn.

    Parameters
    ----------
    estimator
        A classifier, clusterer, regressor or transformer, or a pipeline of them. It is copied,
        with what it has learned.

    Examples
    --------

    >>> from sklearn import linear_model
    >>> from heraclitus import compat
    >>> model = compat.convert_sklearn_to_river(linear_model.SGDRegressor(random_state=1))
    >>> model = compat.convert_river_to_sklearn(model)
    >>> _ = model.fit([[1], [2], [3]] * 1000, [2, 4, 6] * 1000)
    >>> model.predict([[4]]).round().tolist()
    [8.0]
    """
    if isinstance(estimator, compose.Pipeline):
        steps = [(name, convert_river_to_sklearn(step)) for name, step in estimator.steps.items()]
        return pipeline.Pipeline(steps)
    for kind, wrapper in (
        (base.Classifier, River2SKLClassifier),
        (base.Clusterer, River2SKLClusterer),
        (base.Regressor, River2SKLRegressor),
        (base.Transformer, River2SKLTransformer),
    ):
        if isinstance(estimator, kind):
            wrapped = wrapper(estimator)
            wrapped.instance_ = copy.deepcopy(estimator)
            return wrapped
    raise ValueError(f"{estimator} is no classifier, clusterer, regressor or transformer")


class River2SKLBase(base.Wrapper, sklearn_base.BaseEstimator):
    """What the wrappers share: `fit` never changes the model that was given, but a copy of it."""

    _required_parameters: typing.ClassVar = ["river_estimator"]

    # What `fit` forgets.
    _LEARNED: typing.ClassVar[tuple[str, ...]] = ("instance_",)

    def __init__(self, river_estimator: typing.Any) -> None:
        self.river_estimator = river_estimator

    @property
    def _wrapped_model(self) -> typing.Any:
        return self.river_estimator

    def _forget(self) -> None:
        for name in self._LEARNED:
            self.__dict__.pop(name, None)

    def _model(self) -> typing.Any:
        """The copy that learns."""
        if not hasattr(self, "instance_"):
            self.instance_ = copy.deepcopy(self.river_estimator)
        return self.instance_

    def _is_new(self) -> bool:
        return not hasattr(self, "n_features_in_")

    def _check(self, *data: typing.Any, reset: bool) -> typing.Any:
        """Features, and targets if given, as arrays; an error says what is wrong with them."""
        return validation.validate_data(self, *data, reset=reset, dtype="numeric")

    def _events(self, X: typing.Any) -> typing.Iterator[dict]:
        """The events to predict."""
        validation.check_is_fitted(self, attributes="instance_")
        X = self._check(X, reset=False)
        return (x for x, _ in stream.iter_array(X))


class River2SKLRegressor(sklearn_base.RegressorMixin, River2SKLBase):
    """A regressor for scikit-learn.

    Parameters
    ----------
    river_estimator
        A regressor of this package.
    """

    def __init__(self, river_estimator: base.Regressor) -> None:
        super().__init__(river_estimator)

    def fit(self, X: typing.Any, y: typing.Any) -> typing.Self:
        """Learns from the rows, and from nothing before them.

        Parameters
        ----------
        X
            The features.
        y
            The targets.
        """
        self._forget()
        return self._partial_fit(X, y, reset=True)

    def partial_fit(self, X: typing.Any, y: typing.Any) -> typing.Self:
        """Learns from further rows.

        Parameters
        ----------
        X
            The features.
        y
            The targets.
        """
        return self._partial_fit(X, y, reset=self._is_new())

    def _partial_fit(self, X: typing.Any, y: typing.Any, reset: bool) -> typing.Self:
        X, y = self._check(X, y, reset=reset)
        model = self._model()
        for x, yi in stream.iter_array(X, y):
            model.learn_one(x, yi)
        return self

    def predict(self, X: typing.Any) -> typing.Any:
        """An array of predictions.

        Parameters
        ----------
        X
            The features.
        """
        events = self._events(X)
        return np.array([self.instance_.predict_one(x) for x in events], dtype=np.float64)


class River2SKLClassifier(sklearn_base.ClassifierMixin, River2SKLBase):
    """A classifier for scikit-learn.

    Parameters
    ----------
    river_estimator
        A classifier of this package.
    """

    _LEARNED = ("classes_", "instance_", "label_encoder_")

    def __init__(self, river_estimator: base.Classifier) -> None:
        super().__init__(river_estimator)

    def __sklearn_tags__(self) -> typing.Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.classifier_tags = tags.classifier_tags or ClassifierTags()
        tags.classifier_tags.multi_class = self.river_estimator._multiclass
        return tags

    def fit(self, X: typing.Any, y: typing.Any) -> typing.Self:
        """Learns from the rows, and from nothing before them.

        Parameters
        ----------
        X
            The features.
        y
            The classes.
        """
        self._forget()
        return self._partial_fit(X, y, multiclass.unique_labels(y), reset=True)

    def partial_fit(self, X: typing.Any, y: typing.Any, classes: typing.Any = None) -> typing.Self:
        """Learns from further rows.

        Parameters
        ----------
        X
            The features.
        y
            The classes.
        classes
            All classes that there can be. They count at the first call only; when left out, they
            are those of its rows.
        """
        return self._partial_fit(X, y, classes, reset=self._is_new())

    def _partial_fit(
        self, X: typing.Any, y: typing.Any, classes: typing.Any, reset: bool
    ) -> typing.Self:
        if not hasattr(self, "classes_"):
            self.classes_ = multiclass.unique_labels(y) if classes is None else classes
        X, y = self._check(X, y, reset=reset)
        binary = not self.river_estimator._multiclass
        if binary:
            kind = multiclass.type_of_target(y, input_name="y", raise_unknown=True)
            if kind != "binary":
                raise ValueError(
                    f"Only binary classification is supported. The type of the target is {kind}."
                )
        multiclass.check_classification_targets(y)
        if set(y.tolist()) - set(np.asarray(self.classes_).tolist()):
            raise ValueError("classes should include all valid labels that can be in y")
        model = self._model()
        if binary:
            # What tells two classes apart wants to be told by 0 and 1.
            if not hasattr(self, "label_encoder_"):
                self.label_encoder_ = preprocessing.LabelEncoder().fit(self.classes_)
            y = self.label_encoder_.transform(y)
        for x, yi in stream.iter_array(X, y):
            model.learn_one(x, yi)
        return self

    def predict_proba(self, X: typing.Any) -> typing.Any:
        """An array with a column of probabilities for each of `classes_`.

        Parameters
        ----------
        X
            The features.
        """
        events = self._events(X)
        labels = self.classes_
        if hasattr(self, "label_encoder_"):
            labels = self.label_encoder_.transform(labels)
        shares = (self.instance_.predict_proba_one(x) for x in events)
        rows = [[share.get(label, 0.0) for label in labels] for share in shares]
        return np.array(rows, dtype=np.float64).reshape(-1, len(self.classes_))

    def predict(self, X: typing.Any) -> typing.Any:
        """An array of classes.

        Parameters
        ----------
        X
            The features.
        """
        labels = np.asarray([self.instance_.predict_one(x) for x in self._events(X)])
        if hasattr(self, "label_encoder_"):
            return self.label_encoder_.inverse_transform(labels.astype(int))
        return labels


class River2SKLTransformer(sklearn_base.TransformerMixin, River2SKLBase):
    """A transformer for scikit-learn.

    Parameters
    ----------
    river_estimator
        A transformer of this package.
    """

    def __init__(self, river_estimator: base.Transformer) -> None:
        super().__init__(river_estimator)

    def fit(self, X: typing.Any, y: typing.Any = None) -> typing.Self:
        """Learns from the rows, and from nothing before them.

        Parameters
        ----------
        X
            The features.
        y
            The targets, for transformers that want them.
        """
        self._forget()
        return self._partial_fit(X, y, reset=True)

    def partial_fit(self, X: typing.Any, y: typing.Any = None) -> typing.Self:
        """Learns from further rows.

        Parameters
        ----------
        X
            The features.
        y
            The targets, for transformers that want them.
        """
        return self._partial_fit(X, y, reset=self._is_new())

    def _partial_fit(self, X: typing.Any, y: typing.Any, reset: bool) -> typing.Self:
        if y is None:
            X = self._check(X, reset=reset)
        else:
            X, y = self._check(X, y, reset=reset)
        model = self._model()
        supervised = isinstance(model, base.SupervisedTransformer)
        for x, yi in stream.iter_array(X, y):
            if supervised:
                model.learn_one(x, yi)
            else:
                model.learn_one(x)
        return self

    def transform(self, X: typing.Any) -> typing.Any:
        """An array of transformed rows.

        Parameters
        ----------
        X
            The features.
        """
        events = self._events(X)
        return np.asarray([list(self.instance_.transform_one(x).values()) for x in events])


class River2SKLClusterer(sklearn_base.ClusterMixin, River2SKLBase):
    """A clusterer for scikit-learn.

    Parameters
    ----------
    river_estimator
        A clusterer of this package.
    """

    def __init__(self, river_estimator: base.Clusterer) -> None:
        super().__init__(river_estimator)

    def fit(self, X: typing.Any, y: typing.Any = None) -> typing.Self:
        """Learns from the rows, and from nothing before them.

        Parameters
        ----------
        X
            The features.
        y
            Not used.
        """
        self._forget()
        return self._partial_fit(X, reset=True)

    def partial_fit(self, X: typing.Any, y: typing.Any = None) -> typing.Self:
        """Learns from further rows.

        Parameters
        ----------
        X
            The features.
        y
            Not used.
        """
        return self._partial_fit(X, reset=self._is_new())

    def _partial_fit(self, X: typing.Any, reset: bool) -> typing.Self:
        X = self._check(X, reset=reset)
        model = self._model()
        self.labels_ = np.empty(len(X), dtype=np.int32)
        for i, (x, _) in enumerate(stream.iter_array(X)):
            model.learn_one(x)
            self.labels_[i] = model.predict_one(x)
        return self

    def predict(self, X: typing.Any) -> typing.Any:
        """An array of clusters.

        Parameters
        ----------
        X
            The features.
        """
        return np.array([self.instance_.predict_one(x) for x in self._events(X)], dtype=np.int32)
