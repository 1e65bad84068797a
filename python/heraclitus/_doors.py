"""Identities: models that live in a house on disk, opened here or reached through a server."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
import typing

from . import _outside
from ._native import House as _Native
from ._native import HouseRefusal
from ._refusals import HouseError, raised
from ._spec import to_spec

__all__ = ["House", "HouseError", "Identity", "Past", "connect", "open"]

#: Events that a server gets at once. It knows the newest 1,024 numbers of a client, so a batch of
#: fewer may be sent again whole.
_BATCH = 512
#: Events that a house of ours gets at once; they are durable together.
_OURS = 4096
#: Kinds that pass: asking again helps.
_PASSING = ("unreachable", "unavailable", "busy")


def open(path: str | os.PathLike[str], *, shards: int | None = None) -> House:
    """Open a house of identities in this process, or build one where there is none.

    Parameters
    ----------
    path
        Its directory. One process has it open at a time.
    shards
        Learner threads of a new house; an old one keeps its own.

    Returns
    -------
    The house. Close it, or use it as a context manager.

    Examples
    --------
    >>> import tempfile
    >>> import heraclitus
    >>> from heraclitus import linear_model
    >>> place = tempfile.mkdtemp()
    >>> with heraclitus.open(place) as house:
    ...     sam = house.create("sam", linear_model.LogisticRegression())
    ...     sam.learn_one({"amount": 9.0}, True)
    >>> with heraclitus.open(place) as house:
    ...     house.identity("sam").predict_one({"amount": 9.0})
    True

    """
    try:
        return House(_Native.open(os.fsdecode(path), shards))
    except HouseRefusal as error:
        raise raised(error) from None


def connect(url: str, token: str | None = None, *, retry_s: float = 30.0) -> House:
    """Reach the identities of a server, `her serve`.

    What is learned is numbered, so that a request whose answer was lost is sent again and
    applied once.

    Parameters
    ----------
    url
        Its address, such as `http://127.0.0.1:7400`.
    token
        Its token; `HER_TOKEN` of the environment if not given.
    retry_s
        How long to go on asking a server that does not answer.

    Returns
    -------
    The same as `open` gives.

    """
    token = token or os.environ.get("HER_TOKEN") or None
    house = House(_Native.connect(url, token), retry_s=retry_s, numbered=True)
    house.names()  # a wrong address or token is told here
    return house


class House:
    """Identities by name. `heraclitus.open` and `heraclitus.connect` give one."""

    def __init__(self, door: _Native, *, retry_s: float = 0.0, numbered: bool = False) -> None:
        self._door = door
        self._retry_s = retry_s
        self._numbered = numbered

    def create(self, name: str, model: typing.Any, **options: typing.Any) -> Identity:
        """A new identity that begins as a model is: its parameters, with nothing learned.

        Parameters
        ----------
        name
            Its name.
        model
            An estimator or pipeline, or its spec. It must be data: a Python function in it is
            refused by name, and so is a model that has learned.
        options
            Of the identity, such as `names_max` or `late_label_ttl_s`.

        """
        spec = to_spec(model)
        if hasattr(model, "clone") and _outside.state(model) != _outside.state(model.clone()):
            raise ValueError(
                f"this {type(model).__name__} has learned, and an identity begins at its birth: "
                "give it model.clone(), and what the model learned from to learn_many"
            )
        body = json.dumps({"model": spec, **options} if options else {"model": spec})
        self._ask(self._door.create, name, body, once=True)
        return Identity(self, name)

    def identity(self, name: str) -> Identity:
        """The identity of this name."""
        self._ask(self._door.show, name)
        return Identity(self, name)

    def names(self) -> list[str]:
        """The names of all identities."""
        return [line["name"] for line in self.list()]

    def list(self) -> list[dict[str, typing.Any]]:
        """A line for each identity: its name, version, task and figures."""
        return self._ask(self._door.list)

    def close(self) -> None:
        """Write down what is under way, and close. What was learned is durable already."""
        self._door.close()

    @property
    def closed(self) -> bool:
        """True after `close`."""
        return self._door.is_closed()

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "House(closed)" if self.closed else f"House({self._door.place()!r})"

    def _ask(self, call: typing.Callable, *args: typing.Any, once: bool = False) -> typing.Any:
        """Asks, and asks again while a server is away; `once` for what must not be done twice."""
        answer = self._again(call, *args, once=once)
        return json.loads(answer) if isinstance(answer, str) else answer

    def _again(self, call: typing.Callable, *args: typing.Any, once: bool = False) -> typing.Any:
        until, pause = time.monotonic() + self._retry_s, 0.05
        while True:
            try:
                return call(*args)
            except HouseRefusal as error:
                passes = error.args[1] in _PASSING and not once
                if not passes or time.monotonic() + pause > until:
                    raise raised(error) from None
            time.sleep(pause)
            pause = min(2 * pause, 2.0)


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

        rows = _frames._rows(X)
        found = [_outside.chosen(p) for p in self._predictions(rows)]
        return found if isinstance(X, list | tuple) else _frames._column(X, found)

    def predict_proba_many(self, X: typing.Any) -> typing.Any:
        """The probabilities of all classes, as a frame like the one given, or a list of dicts."""
        from . import _frames

        found = [self._probabilities(p) for p in self._predictions(_frames._rows(X))]
        if isinstance(X, list | tuple):
            return found
        return _frames._frame(X, _frames._gathered(found))

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

    def learn_one(self, x: dict[typing.Any, typing.Any], y: typing.Any, w: float = 1.0) -> None:
        """Learn from one event; durable when this returns."""
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

    def at(self, version: int) -> Past:
        """The identity as it was at a version."""
        self._house._ask(self._house._door.show, self.name, version)
        return Past(self._house, self.name, version)

    def rewind(self, version: int) -> None:
        """Go on from a past version. Nothing is deleted: it is a new branch of the same name."""
        self._house._ask(self._house._door.rewind, self.name, version, once=True)

    def fork(self, name: str, version: int | None = None) -> Identity:
        """A new identity that goes on from here, or from a version."""
        self._house._ask(self._house._door.fork, self.name, name, version, once=True)
        return Identity(self._house, name)

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

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"

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
        """Learns; the places of events that were refused, with why."""
        text, first = _outside.text(batch), self._numbers(len(batch))

        def feed() -> list[tuple[int, str, str]]:
            feed = self._house._door.feed
            _, _, _, refused = feed(self.name, text, self._client, first)
            for _, kind, message in refused:
                if self._client is not None and kind in _PASSING:
                    raise HouseRefusal(message, kind)
            return refused

        found = self._house._again(feed)
        return [(line, raised(HouseRefusal(message, kind))) for line, kind, message in found]
