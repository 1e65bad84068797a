"""Features and classes of a model on its way: their numbers here, their objects there."""

from __future__ import annotations

import copy
import typing

__all__ = ["Names"]

#: How many names a model keeps, if nothing else is said.
_CAP = 1 << 20


class Names:
    """Gives features and classes their numbers, in the order in which they are met."""

    def __init__(
        self, keys: typing.Iterable[typing.Any] = (), labels: typing.Iterable[typing.Any] = ()
    ) -> None:
        self._keys = list(keys)
        self._ids = {_named(key): i for i, key in enumerate(self._keys) if key is not None}
        self.labels = list(labels)
        self._classes = {label: i for i, label in enumerate(self.labels)}
        self._instead: dict[typing.Any, str] = {}
        #: The classes whose objects begin anew.
        self.afresh: frozenset[str] = frozenset()

    def feature(self, key: typing.Any) -> int:
        """The number of a feature."""
        name = self._instead.get(key) or _named(key)
        at = self._ids.get(name)
        if at is None:
            at = self._ids[name] = len(self._keys)
            self._keys.append(name if key in self._instead else key)
        elif self._keys[at] != key and key not in self._instead:
            raise ValueError(
                f"the features {self._keys[at]!r} and {key!r} have one name, {name!r}, in a model "
                "of heraclitus; rename one of them"
            )
        return at

    def say(self, key: typing.Any, name: str) -> None:
        """From here on, this feature has another name."""
        if key != name:
            self._instead[key] = name

    def key(self, at: int) -> typing.Any:
        """The feature of a number, `None` for one that is not in use."""
        return self._keys[at] if at < len(self._keys) else None

    @property
    def keys(self) -> list[typing.Any]:
        """All features that are in use."""
        return [key for key in self._keys if key is not None]

    def class_of(self, label: typing.Any) -> int:
        """The number of a class."""
        at = self._classes.get(label)
        if at is None:
            at = self._classes[label] = len(self.labels)
            self.labels.append(label)
        return at

    def of_two(self) -> Names:
        """The same features, for a binary classifier inside of a model of more classes."""
        inside = copy.copy(self)
        inside.labels = [False, True]
        inside._classes = {False: 0, True: 1}
        return inside

    def saved(self) -> bytes:
        """The names as a model keeps them."""
        from . import _wire

        texts = [None if key is None else _named(key) for key in self._keys]
        free = [i for i, key in enumerate(self._keys) if key is None]
        value = {"names": texts, "seen": [0] * len(texts), "free": free, "clock": 0, "cap": _CAP}
        return _wire.block(_layout(), value, self)

    def odd(self) -> list[tuple[int, typing.Any]]:
        """The features that are no texts, with their numbers."""
        odd = enumerate(self._keys)
        return [(i, key) for i, key in odd if key is not None and not isinstance(key, str)]

    @classmethod
    def of(cls, kept: tuple) -> Names:
        """The names of a model of ours, from what it keeps."""
        from . import _wire

        _, _, names, odd, labels = kept
        found = _wire.Blocks(names).get(_layout(), cls())
        keys = found["names"]
        for i, key in odd:
            keys[i] = key
        return cls(keys, labels)


def _named(key: typing.Any) -> str:
    """A feature's name: that of a sequence of words is the words."""
    if isinstance(key, str):
        return key
    if isinstance(key, tuple) and key and all(isinstance(word, str) for word in key):
        return " ".join(key)
    return str(key)


def _layout() -> typing.Any:
    from . import _wire as w

    return w.Row(
        names=w.Many(w.Maybe(w.TEXT)),
        seen=w.Many(w.WHOLE),
        free=w.Many(w.WHOLE),
        clock=w.WHOLE,
        cap=w.WHOLE,
    )
