"""Identities: models that live in a house on disk, opened here or reached through a server."""

from __future__ import annotations

import json
import os
import time
import typing

from . import _outside
from ._identities import PASSING, Identity, Past, kind
from ._native import House as _Native
from ._native import HouseRefusal
from ._refusals import HouseError, raised
from ._spec import to_spec

__all__ = ["House", "HouseError", "Identity", "Past", "connect", "open"]


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


def connect(
    url: str,
    token: str | None = None,
    *,
    retry_s: float = 30.0,
    ca: str | os.PathLike[str] | None = None,
) -> House:
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
    ca
        A PEM file with the certificates that a server of `https` is believed by, and no others;
        `HER_CA` of the environment if not given, else those of this machine.

    Returns
    -------
    The same as `open` gives.

    """
    token = token or os.environ.get("HER_TOKEN") or None
    ca = ca or os.environ.get("HER_CA") or None
    try:
        door = _Native.connect(url, token, None if ca is None else os.fsdecode(ca))
    except HouseRefusal as error:
        raise raised(error) from None
    house = House(door, retry_s=retry_s, numbered=True)
    house.names()  # a wrong address or token is told here
    return house


class House:
    """Identities by name. `heraclitus.open` and `heraclitus.connect` give one."""

    def __init__(self, door: _Native, *, retry_s: float = 0.0, numbered: bool = False) -> None:
        self._door = door
        self._retry_s = retry_s
        self._numbered = numbered

    def create(self, name: str, model: typing.Any, **options: typing.Any) -> Identity:
        """A new identity that begins as a model is: its parameters, and what it has learned.

        Parameters
        ----------
        name
            Its name.
        model
            An estimator or pipeline, or its spec. It must be data: a Python function in it is
            refused by name. A model that has learned is taken over as it is, up to 256 KiB; what
            it learned before is not in the log, and can't be lived again.
        options
            Of the identity, such as `names_max` or `late_label_ttl_s`.

        """
        body = {"model": to_spec(model), **options}
        if hasattr(model, "clone") and _outside.state(model) != _outside.state(model.clone()):
            body["state"] = _outside.saved(model)
        return self._shown(self._ask(self._door.create, name, json.dumps(body), once=True))

    def identity(self, name: str, model: typing.Any = None, **options: typing.Any) -> Identity:
        """The identity of this name.

        Parameters
        ----------
        name
            Its name.
        model
            What it begins as, if there is none of this name yet; without it, a name that is not
            there is refused.
        options
            Of a new identity.

        """
        if model is not None and name not in self:
            try:
                return self.create(name, model, **options)
            except HouseError as error:
                if error.kind != "exists":  # made by somebody else just now
                    raise
        return self._shown(self._ask(self._door.show, name))

    def _shown(self, card: dict[str, typing.Any]) -> Identity:
        """The identity of a card, as an object of the kind of its model."""
        return kind(card["task"])(self, card["name"])

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
                passes = error.args[1] in PASSING and not once
                if not passes or time.monotonic() + pause > until:
                    raise raised(error) from None
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
