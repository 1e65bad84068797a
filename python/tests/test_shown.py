"""What models show and take: weights, statistics, counts, codes, terms, changed parameters."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from heraclitus import (
    ensemble,
    feature_extraction,
    linear_model,
    multiclass,
    naive_bayes,
    optim,
    preprocessing,
    proba,
    utils,
)

pd = pytest.importorskip("pandas")


def test_a_step_of_an_optimizer_moves_the_weights_that_have_gradients():
    w = {"a": 1.0, "b": 2.0}
    sgd = optim.SGD(0.5)
    assert sgd.step(w, {"a": 2.0}) is w
    assert w == {"a": 0.0, "b": 2.0}
    assert sgd.n_iterations == 1


def test_a_weight_that_is_set_is_what_a_model_goes_on_from():
    model = linear_model.LinearRegression(optimizer=optim.SGD(0.1), intercept_lr=0)
    model.learn_one({"a": 1.0, "b": 0.0}, 1.0)
    assert model.weights == {"a": 0.2, "b": 0.0}
    model._weights = utils.VectorDict({"a": 3.0})
    model.intercept = 0.5
    assert model.predict_one({"a": 2.0, "b": 7.0}) == 6.5


def test_mutate_keeps_what_was_learned():
    model = linear_model.LinearRegression()
    model.learn_one({"a": 1.0}, 2.0)
    weights, intercept = model.weights, model.intercept
    model.mutate({"l2": 0.5, "optimizer": {"lr": {"learning_rate": 0.25}}})
    assert (model.optimizer.learning_rate, model.weights) == (0.25, weights)
    model.mutate({"optimizer": optim.Adam()})
    assert (model.weights, model.intercept) == (weights, intercept)
    with pytest.raises(ValueError, match="not a mutable attribute"):
        model.mutate({"intercept_init": 1.0})


def test_a_model_that_is_changed_inside_of_a_pipeline_keeps_its_steps():
    model = preprocessing.StandardScaler() | linear_model.LinearRegression()
    model.learn_one({"a": 1.0}, 1.0)
    model.learn_one({"a": 3.0}, 1.0)
    model.mutate({"LinearRegression": {"optimizer": optim.Adam()}})
    assert model["StandardScaler"].means == {"a": 2.0}
    model.learn_one({"a": 2.0}, 1.0)
    assert model["StandardScaler"].counts == {"a": 3}


def test_scalers_show_their_statistics_and_go_on_from_given_ones():
    scaler = preprocessing.StandardScaler()
    for a in (1.0, 2.0, 6.0):
        scaler.learn_one({"a": a})
    again = preprocessing.StandardScaler._from_state(scaler.counts, scaler.means, scaler.vars)
    scaler.learn_one({"a": 4.0})
    again.learn_one({"a": 4.0})
    assert again.vars == scaler.vars
    rolling = preprocessing.StandardScaler(window_size=2)
    for a in (1.0, 2.0, 6.0):
        rolling.learn_one({"a": a})
    assert (rolling.counts["a"], rolling.means["a"].get()) == (3, 4.0)
    assert (rolling.vars["a"].get(), len(rolling.vars["a"].window)) == (4.0, 2)
    ranges = preprocessing.MinMaxScaler._from_state(min={"a": 0.0}, max={"a": 10.0})
    assert ranges.transform_one({"a": 5.0}) == {"a": 0.5}
    assert (ranges.min["a"].get(), ranges.max["a"].get()) == (0.0, 10.0)


def test_naive_bayes_shows_its_counts():
    model = naive_bayes.MultinomialNB()
    model.learn_one({"ball": 2}, "sport")
    model.learn_one({"ball": 1, "vote": 3}, "news")
    assert model.class_counts == {"sport": 1, "news": 1}
    assert model.feature_counts == {"ball": {"sport": 2, "news": 1}, "vote": {"news": 3}}
    assert model.class_totals == {"sport": 2, "news": 4}
    assert model.p_class("news") == 0.5
    assert model.p_feature_given_class("ball", "news") == 2 / 6
    gaussian = naive_bayes.GaussianNB()
    for a in (1.0, 3.0):
        gaussian.learn_one({"a": a}, True)
    assert gaussian.gaussians[True]["a"].mu == 2.0
    assert gaussian.gaussians[True]["a"].sigma == pytest.approx(2**0.5)


def test_ordinal_codes_are_ints_and_none_has_its_own():
    encoder = preprocessing.OrdinalEncoder(unknown_value=None)
    encoder.learn_one({"c": "u", "n": 1.5})
    assert encoder.values == {"c": {"u": 0}, "n": {1.5: 0}}
    assert encoder.transform_one({"c": None, "n": 2.5}) == {"c": -1, "n": None}
    frame = pd.DataFrame({"c": ["u", None], "n": [1.5, float("nan")]})
    assert encoder.transform_many(frame).to_dict("list") == {"c": [0, -1], "n": [0, -1]}


def test_one_hot_takes_several_categories_of_a_feature():
    encoder = preprocessing.OneHotEncoder()
    encoder.learn_one({"a_b": ["x", "y"], "c": "z"})
    assert encoder.values == {"a_b": {"x", "y"}, "c": {"z"}}
    assert encoder.transform_one({"a_b": ["y"], "c": "z"}) == {"a_b_x": 0, "a_b_y": 1, "c_z": 1}
    frame = encoder.transform_many(pd.DataFrame({"c": ["z", "w"]}))
    assert frame["c_w"].tolist() == [0, 1]
    assert frame["a_b_x"].tolist() == [0, 0]


def _split(text):
    return text.split(";")


def test_terms_of_a_python_function_are_counted_in_python():
    model = feature_extraction.BagOfWords(tokenizer=_split) | naive_bayes.MultinomialNB()
    model.learn_one("a;b;b", "x")
    model.learn_one("c", "y")
    for twin in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.predict_one("b;b") == "x"
    tfidf = feature_extraction.TFIDF(ngram_range=(1, 2))
    tfidf.learn_one("big blue sky")
    assert (tfidf.n, tfidf.dfs[("blue", "sky")]) == (1, 1)
    assert ("big", "blue") in tfidf.transform_one("big blue")


def test_frames_of_texts_keep_their_library_and_index():
    texts = pd.Series(["red blue", "red red"], index=["p", "q"])
    counts = feature_extraction.BagOfWords().transform_many(texts)
    assert counts.loc["q", "red"] == 2
    model = feature_extraction.BagOfWords() | naive_bayes.MultinomialNB()
    assert model.predict_many(texts).shape == (2, 0)
    model.learn_many(texts, pd.Series(["x", "y"]))
    assert model.predict_many(texts).tolist() == ["x", "y"]
    assert model.predict_proba_many(texts).columns.tolist() == ["x", "y"]


def test_a_wrapper_takes_what_only_its_model_may_know():
    model = multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
    model.learn_one({"a": 1.0}, "x", w=2.0)
    with pytest.raises(TypeError):
        model.learn_one({"a": 1.0}, "x", unknown=1)
    frame = pd.DataFrame({"a": [1.0, -1.0]})
    whole = preprocessing.StandardScaler() | model.clone()
    whole.learn_many(X=frame, y=pd.Series(["x", "z"]))
    assert whole["OneVsRestClassifier"].predict_many(X=frame).tolist() == ["x", "z"]
    assert inspect.getfullargspec(model.learn_many).args == ["self", "X"]


def test_given_models_are_members_and_clones_begin_anew():
    first, second = linear_model.LinearRegression(), linear_model.PARegressor()
    first.learn_one({"a": 1.0}, 5.0)
    hedge = ensemble.EWARegressor([first, second])
    hedge.learn_one({"a": 2.0}, 5.0)
    assert hedge.data[0].weights == first.weights != {"a": 0.1}
    assert hedge.clone().models[0].weights == {}
    assert pickle.loads(pickle.dumps(hedge)).models[0].weights == first.weights


def test_a_prediction_tells_how_sure_it_is():
    model = linear_model.BayesianLinearRegression(beta=4)
    before = model.predict_one({"a": 1.0}, with_dist=True)
    for _ in range(20):
        model.learn_one({"a": 1.0}, 3.0)
    after = model.predict_one({"a": 1.0}, with_dist=True)
    assert isinstance(after, proba.Gaussian)
    assert after.mu == model.predict_one({"a": 1.0})
    assert 0.5 < after.sigma < before.sigma
