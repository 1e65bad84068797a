"""How a model is asked and taught, and a metric told; found out once, before the first event."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable

from heraclitus import base, compose

from ._loaded import is_a

Predict = Callable[..., typing.Any]
Update = Callable[[dict, typing.Any, typing.Any], None]


class Closures(typing.NamedTuple):
    """What happens to each event."""

    #: `(x, **params)` to what `update` takes; not always what is shown as the prediction.
    predict: Predict
    #: Tells the metric about `(x, y, prediction)`.
    update: Update
    #: The part of a prediction that is shown.
    shown: Callable[[typing.Any], typing.Any]
    #: `(x, y, w, params)`.
    learn: Callable[[dict, typing.Any, typing.Any, dict], None]


def closures(model: typing.Any, metric: typing.Any) -> Closures:
    """The four for a model and a metric."""
    learn = _learn(model)
    if is_a(metric, "metrics.base", "ClusteringMetric"):
        return Closures(*_of_clusters(model, metric), lambda asked: asked[1], learn)
    tell = metric.update

    def update(x: dict, y: typing.Any, y_pred: typing.Any) -> None:
        # A model that does not know yet is not judged.
        if y_pred is not None and y_pred != {}:
            tell(y_true=y, y_pred=y_pred)

    return Closures(_predict(model, metric), update, lambda y_pred: y_pred, learn)


def _predict(model: typing.Any, metric: typing.Any) -> Predict:
    if isinstance(model, base.AnomalyFilter):
        score, classify = model.score_one, model.classify
        return lambda x, **params: classify(score(x, **params))
    if isinstance(model, base.AnomalyDetector):
        return model.score_one
    if isinstance(model, base.Classifier) and not metric.requires_labels:
        return model.predict_proba_one
    return model.predict_one


def _learn(model: typing.Any) -> Callable[[dict, typing.Any, typing.Any, dict], None]:
    learn_one, supervised = model.learn_one, model._supervised
    takes = inspect.signature(learn_one).parameters
    weighed = "w" in takes or any(p.kind is p.VAR_KEYWORD for p in takes.values())

    def learn(x: dict, y: typing.Any, w: typing.Any, params: dict) -> None:
        if w is not None and weighed:
            params = {**params, "w": w}
        if supervised:
            learn_one(x, y, **params)
        else:
            learn_one(x, **params)

    return learn


def _of_clusters(model: typing.Any, metric: typing.Any) -> tuple[Predict, Update]:
    """For metrics that compare an event with centres, in the features that the clusterer sees."""
    if isinstance(model, compose.Pipeline):
        clusterer = model._last_step

        def predict(x: dict, **params: typing.Any) -> typing.Any:
            features, _ = model._transform_one(x)
            return features, clusterer.predict_one(features, **params)

    else:
        clusterer = model

        def predict(x: dict, **params: typing.Any) -> typing.Any:
            return x, clusterer.predict_one(x, **params)

    def update(x: dict, y: typing.Any, asked: typing.Any) -> None:
        features, cluster = asked
        centers = getattr(clusterer, "centers", None)
        if cluster is not None and centers is not None:
            metric.update(features, cluster, centers)

    return predict, update
