"""Identities as Python has them: what predicts and learns, in a house or on a server."""

from __future__ import annotations

import functools
import secrets
import threading
import typing

from . import _outside
from ._native import HouseRefusal
from ._refusals import HouseError, raised

if typing.TYPE_CHECKING:
    from ._doors import House
    from ._streams import Stream

__all__ = ["PASSING", "Identity", "Past", "kind"]

#: Events that a server gets at once. It knows the newest 1,024 numbers of a client, so a batch of
#: fewer may be sent again whole.
_BATCH = 512
#: Events that a house of ours gets at once; they are durable together.
_OURS = 4096
#: Kinds that pass: asking again helps.
PASSING = ("unreachable", "unavailable", "busy")


class _Mind:
    """What predicts: an identity as it is, or as it was at a version."""

    def __init__(self, house: House, name: str, version: int | None = None) -> None:
        self._house = house
        self.name = name
        self._version = version
        self._classes: dict[str, typing.Any] = {}

    def predict_one(self, x: dict[typing.Any, typing.Any]) -> typing.Any:
        """The prediction: a class or a number, `None` without an opinion."""
        return _outside.chosen(self._predictions([x])[0])

    def predict_proba_one(self, x: dict[typing.Any, typing.Any]) -> dict[typing.Any, float]:
        """The probability of each class."""
        return self._probabilities(self._predictions([x])[0])

    def score_one(self, x: dict[typing.Any, typing.Any]) -> float:
        """The score of an anomaly detector."""
        return _outside.chosen(self._predictions([x])[0])

    def predict_many(self, X: typing.Any) -> typing.Any:
        """Predictions for a frame's rows, as a column like the frame's, or for a list of dicts."""
        from . import _frames

        rows = _frames.rows(X)
        found = [_outside.chosen(p) for p in self._predictions(rows)]
        return found if isinstance(X, list | tuple) else _frames._column(X, found)

    def predict_proba_many(self, X: typing.Any) -> typing.Any:
        """The probabilities of all classes, as a frame like the one given, or a list of dicts."""
        from . import _frames

        found = [self._probabilities(p) for p in self._predictions(_frames.rows(X))]
        if isinstance(X, list | tuple):
            return found
        return _frames._frame(X, _frames._gathered(found))

    def model(self) -> typing.Any:
        """A copy of the model in memory: an estimator or a pipeline that learns for itself."""
        from ._shell import from_bytes

        return from_bytes(self._house._ask(self._house._door.model, self.name, self._version))

    def show(self, top: int = 0) -> dict[str, typing.Any]:
        """The card: version, task, spec, figures, classes, and this many of the largest weights."""
        return self._house._ask(self._house._door.show, self.name, self._version, top)

    @property
    def figures(self) -> dict[str, typing.Any]:
        """How well it predicted before it learned, and what it met."""
        return self.show()["figures"]

    def _predictions(self, rows: list[dict]) -> list[typing.Any]:
        body = _outside.text([_outside.row(x) for x in rows])
        answers = self._house._ask(self._house._door.predict, self.name, body, self._version)
        return [answer["prediction"] for answer in answers]

    def _probabilities(self, prediction: dict[str, typing.Any] | None) -> dict:
        if prediction is None:
            return {}
        shown = prediction.get("proba")
        if shown is None:
            raise TypeError(f"{self.name!r} predicts no classes")
        if isinstance(prediction["label"], bool):
            return {key == "true": p for key, p in shown.items()}
        if any(key not in self._classes for key in shown):
            self._classes = {_outside.shown(label): label for label in self.show()["classes"]}
        return {self._classes.get(key, key): p for key, p in shown.items()}


class Past(_Mind):
    """An identity as it was at a version. It predicts, and learns nothing."""

    @property
    def version(self) -> int:
        """The version."""
        assert self._version is not None
        return self._version

    def __repr__(self) -> str:
        return f"Past({self.name!r}, version={self._version})"


class Identity(_Mind):
    """A model that predicts and learns for ever. What it learned is durable when a call returns."""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house, name)
        self._client = f"python-{secrets.token_hex(8)}" if house._numbered else None
        self._next = 1
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """How many events its life has."""
        return self.show()["version"]

    def learn_one(
        self, x: dict[typing.Any, typing.Any], y: typing.Any = None, w: float = 1.0
    ) -> None:
        """Learn from one event; durable when this returns.

        An anomaly detector or a clusterer needs no `y`.
        """
        self._event({"x": _outside.row(x), "y": y, "w": w})

    def predict_one(self, x: dict[typing.Any, typing.Any], *, id: str | None = None) -> typing.Any:
        """The prediction; with an id, `x` is kept until `label` tells what came of it."""
        if id is None:
            return super().predict_one(x)
        answer = self._event({"x": _outside.row(x), "id": id})
        # What was kept by a request whose answer was lost is asked for again.
        if "duplicate" in answer:
            return super().predict_one(x)
        return _outside.chosen(answer["prediction"])

    def label(self, id: str, y: typing.Any) -> None:
        """Learn the outcome of what was predicted under this id."""
        self._event({"id": id, "y": y})

    def learn_many(
        self,
        X: typing.Any,
        y: typing.Any = None,
        w: typing.Any = None,
        *,
        refused: typing.Callable[[int, Exception], None] | None = None,
    ) -> None:
        """Learn from many events, in order.

        Parameters
        ----------
        X
            A frame, or dicts; without `y` any iterable of `(x, y)` or `(x, y, w)`, which may be
            endless: it is taken in batches, and what a batch taught is durable before the next. A
            batch is full, or half a second old when its last event comes.
        y
            The targets.
        w
            The weights, if not all 1.
        refused
            Called with the place and the error of each event that is refused, and learning goes
            on. Without it, the first refused event raises, after its batch was learned.

        """
        done = 0
        size = _OURS if self._client is None else _BATCH
        for batch in _outside.batches(_outside.events(X, y, w), size):
            for place, error in self._learn_batch(batch):
                if refused is None:
                    error.add_note(f"event {done + place} of those given, counted from 0")
                    raise error
                refused(done + place, error)
            done += len(batch)

    def stream(self, *, refused: typing.Callable[[int, Exception], None] | None = None) -> Stream:
        """Learn without waiting for each event: a context manager whose end waits for all.

        Parameters
        ----------
        refused
            Called with the place and the error of each event that is refused, from another
            thread. Without it, a refused event raises at the next call.

        Examples
        --------
        >>> import tempfile
        >>> import heraclitus
        >>> from heraclitus import linear_model
        >>> with heraclitus.open(tempfile.mkdtemp()) as house:
        ...     sam = house.create("sam", linear_model.LinearRegression())
        ...     with sam.stream() as stream:
        ...         for i in range(2000):
        ...             stream.learn_one({"i": i % 7}, i % 7)
        ...     sam.version
        2001

        """
        from ._streams import Stream

        return Stream(self, refused)

    def at(self, version: int) -> Past:
        """The identity as it was at a version."""
        self._house._ask(self._house._door.show, self.name, version)
        return Past(self._house, self.name, version)

    def rewind(self, version: int) -> None:
        """Go on from a past version. Nothing is deleted: it is a new branch of the same name."""
        self._house._ask(self._house._door.rewind, self.name, version, once=True)

    def forget(
        self, start: int, end: int | None = None, *, erase: bool = False, dry_run: bool = False
    ) -> dict[str, typing.Any]:
        """Forget what was learned in versions ``start`` to ``end`` (that one alone if left out).

        A new branch takes the name, whose state is to the bit that of an identity that never saw
        those events. With ``erase`` the branches before are let go of; ``left`` of the answer
        says what remains of them. With ``dry_run`` it only says what would be struck.
        """
        end = start if end is None else end
        forget = self._house._door.forget
        return self._house._ask(forget, self.name, start, end, erase, dry_run, once=True)

    def fork(self, name: str, version: int | None = None) -> Identity:
        """A new identity that goes on from here, or from a version."""
        self._house._ask(self._house._door.fork, self.name, name, version, once=True)
        return type(self)(self._house, name)

    def tag(self, tag: str, version: int | None = None) -> int:
        """Give a version a name; the version."""
        return self._house._ask(self._house._door.tag, self.name, tag, version)["version"]

    def log(self, start: int = 1, limit: int = 1000) -> list[dict[str, typing.Any]]:
        """What happened, from a version on."""
        return self._house._ask(self._house._door.log, self.name, start, limit)

    def diff(self, start: int, end: int, top: int = 10) -> dict[str, typing.Any]:
        """What changed between two versions."""
        return self._house._ask(self._house._door.diff, self.name, start, end, top)

    def verify(self) -> dict[str, typing.Any]:
        """Live its life again from birth, and compare every bit."""
        return self._house._ask(self._house._door.verify, self.name)

    def freeze(self) -> None:
        """Learn no more, for good."""
        self._house._ask(self._house._door.freeze, self.name)

    def snapshot(self) -> None:
        """Write a snapshot with the next commit; it saves time, nothing else."""
        self._house._ask(self._house._door.snapshot, self.name)

    def clone(self, *_: object, **__: object) -> typing.NoReturn:
        """An identity is one of its kind: `fork` gives another life, `model` a copy in memory."""
        raise TypeError(f"{self!r} can't be cloned; fork it, or take its model()")

    def __deepcopy__(self, _: object) -> typing.NoReturn:
        self.clone()

    def __reduce__(self) -> typing.NoReturn:
        raise TypeError(f"{self!r} lies in {self._house!r}, where it is found again by its name")

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"

    __str__ = __repr__

    def _numbers(self, count: int) -> int:
        """Takes the next numbers of requests."""
        with self._lock:
            first, self._next = self._next, self._next + count
        return first

    def _event(self, body: dict[str, typing.Any]) -> dict[str, typing.Any]:
        if self._client is not None:
            body["client"], body["n"] = self._client, self._numbers(1)
        return self._house._ask(self._house._door.event, self.name, _outside.text(body))

    def _learn_batch(self, batch: list[list]) -> list[tuple[int, HouseError]]:
        return self._learn_text(_outside.text(batch), len(batch))

    def _learn_text(self, text: str, count: int) -> list[tuple[int, HouseError]]:
        """Learns events in JSON; the places of those that were refused, with why."""
        first = self._numbers(count)

        def feed() -> list[tuple[int, str, str]]:
            feed = self._house._door.feed
            _, _, _, refused = feed(self.name, text, self._client, first)
            for _, kind, message in refused:
                if self._client is not None and kind in PASSING:
                    raise HouseRefusal(message, kind)
            return refused

        found = self._house._again(feed)
        return [(line, raised(HouseRefusal(message, kind))) for line, kind, message in found]


@functools.cache
def kind(task: str) -> type[Identity]:
    """The class of identities of a task: they are classifiers, regressors or what it is."""
    from . import base

    bases = {
        "anomaly": base.AnomalyDetector,
        "binary": base.Classifier,
        "clustering": base.Clusterer,
        "multiclass": base.Classifier,
        "regression": base.Regressor,
    }
    members = {"__module__": __name__, "__doc__": Identity.__doc__}
    if task == "multiclass":
        members["_multiclass"] = True
    return type("Identity", (Identity, bases[task]), members)
