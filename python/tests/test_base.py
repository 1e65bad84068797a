"""What every class can do, also one whose methods are not written in Python."""

import pickle
import xml.etree.ElementTree as ET

import pytest

from heraclitus import base, compose
from heraclitus.base import tags


class Core(list):
    """Stands for a native base: its methods are builtins."""

    learn_one = list.insert
    predict_one = list.index
    __repr__ = base.Base.__repr__


class Native(Core, base.MiniBatchRegressor):
    """A shell over a core, in the way of the generated classes."""

    learn_many = predict_many = list.append

    def __init__(self, optimizer=None, l2=0.0, *, seed=None):
        self.optimizer = optimizer
        self.l2 = l2
        self.seed = seed


class Part(base.Base):
    def __init__(self, lr=0.1, **kwargs):
        self.lr = lr
        self.kwargs = kwargs

    @property
    def _mutable_attributes(self):
        return {"lr"}


class Around(base.Wrapper, base.Regressor):
    def __init__(self, model):
        self.model = model

    @property
    def _wrapped_model(self):
        return self.model

    def learn_one(self, x, y):
        self.model.learn_one(x, y)

    def predict_one(self, x):
        return 0.0

    def _more_tags(self):
        return {tags.TEXT_INPUT}


def test_native_methods_count_as_written():
    model = Native(Part(), 2)
    assert isinstance(model, base.Regressor) and model._is_stochastic and model._supervised
    with pytest.raises(TypeError, match="abstract"):
        base.Regressor()
    model.learn_one(0, "event")
    assert model.predict_one("event") == 0
    assert str(model) == "Native" and model.clone({"seed": 1}).seed == 1
    model.note = "kept"
    assert model.clone(include_attributes=True).note == "kept"
    assert pickle.loads(pickle.dumps(model)).l2 == 2
    assert model._raw_memory_usage > 100 and model._memory_usage.endswith("B")


def test_params_of_params():
    part = Part(0.5, a=1, inner=Part())
    model = Native(part)
    assert model._get_params() == {
        "optimizer": (Part, {"lr": 0.5, "a": 1, "inner": (Part, {"lr": 0.1})}),
        "l2": 0.0,
        "seed": None,
    }
    clone = model.clone({"optimizer": (Part, {"lr": 7.0})})
    assert clone.optimizer.lr == 7.0 and clone.optimizer.kwargs["a"] == 1
    assert clone.optimizer.kwargs["inner"] is not part.kwargs["inner"]
    other = model.clone({"optimizer": (Native, {"l2": 3})})
    assert type(other.optimizer) is Native and other.optimizer.l2 == 3


def test_mutate_reaches_inside():
    model = compose.Select("a") | Around(Native(Part()))
    with pytest.raises(ValueError, match="'model' is not a mutable attribute of Around"):
        model.mutate({"Around": {"model": {"l2": 1}}})
    part = Part()
    part.mutate({"lr": 2})
    assert part.lr == 2
    with pytest.raises(ValueError, match="'x' is not an attribute of Part"):
        part.mutate({"x": 1})


def test_repr_of_values():
    class Values(base.Base):
        def __init__(self, f=len, s="a", big=2e5, small=3e-5, one=1.0, many=frozenset(), k=None):
            self.f, self.s, self.big, self.small = f, s, big, small
            self.one, self.many, self.k = one, {2, 1}, compose.Prefixer("p")

    def double(x):
        return 2 * x

    assert repr(Values(double)) == (
        'Values (\n  f="double"\n  s="a"\n  big=2e+05\n  small=3e-05\n  one=1.\n'
        '  many=[1, 2]\n  k=Prefixer (\n    prefix="p"\n  )\n)'
    )
    assert repr(compose.Discard()) == "Discard ()"


def test_tags_come_from_all_classes():
    assert Around(Native())._tags == {tags.TEXT_INPUT}
    assert Around(Around(Native()))._tags == {tags.TEXT_INPUT}
    assert str(Around(Native())) == "Around(Native)"


def test_ensembles_are_lists():
    class Two(base.WrapperEnsemble, base.Regressor):
        def learn_one(self, x, y):
            for model in self:
                model.learn_one(x, y)

        def predict_one(self, x):
            return len(self)

    model = Two(Native(), n_models=2, seed=1)
    assert len(model.models) == 2 and model[0] is not model[1] and model.clone().n_models == 2
    with pytest.raises(ValueError, match="At least 2 models are expected, only 1 were passed"):
        Two(Native(), 1, None)


def test_the_card_shows_the_steps_and_escapes():
    def plus(x):
        return {"a": 1 < 2}

    model = (compose.Select("<b>") + plus) | Around(Native(compose.Prefixer("p_")))
    html = model._repr_html_()
    assert "<script" not in html and "<b>" not in html
    root = ET.fromstring(html)
    pipeline = root.find("div")
    kinds = [box.get("class").split("-")[-1] for box in pipeline]
    assert kinds == ["union", "wrapper"]
    text = "".join(pipeline.itertext())
    assert "1 < 2" in text and 'prefix="p_"' in text and "['<b>']" in text
    assert "<details" in compose.Select("a")._repr_html_()
