"""The bytes of a state, as a model's file has them: read and written here, from their layout.

`docs/internals/formats.md` has the format. A state is a row of blocks (a length as u32, then the
bytes), and each block holds plain data: counts as LEB128, numbers as 8 bytes, everything in the
order of its declaration. Each layout below says so of one estimator. The version that stands beside
an estimator's name changes when its layout does, and a version that is not known is refused.
"""

from __future__ import annotations

import struct
import typing

from ._names import Names

__all__ = [
    "BYTE",
    "CLASS",
    "FEATURE",
    "INDEX",
    "NUMBER",
    "SIGNED",
    "TEXT",
    "TRUTH",
    "WHOLE",
    "Blocks",
    "ByClass",
    "ByFeature",
    "Choice",
    "Kind",
    "Many",
    "Maybe",
    "Pair",
    "Row",
    "block",
    "frame",
]


class Source:
    """Bytes that are taken from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, n: int) -> bytes:
        end = self._at + n
        if end > len(self._data):
            raise ValueError("the state ends early; it is damaged, or of another version")
        piece, self._at = self._data[self._at : end], end
        return piece

    def rest(self) -> bytes:
        """What is left, which stays."""
        return self._data[self._at :]

    def whole(self) -> int:
        found = shift = 0
        while True:
            byte = self.take(1)[0]
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    @property
    def left(self) -> int:
        return len(self._data) - self._at


def put_whole(out: bytearray, value: int) -> None:
    value = int(value)
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


class Kind:
    """How a value lies in a block."""

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        raise NotImplementedError

    def take(self, source: Source, names: Names) -> typing.Any:
        raise NotImplementedError


class _Whole(Kind):
    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        put_whole(out, value)

    def take(self, source: Source, names: Names) -> int:
        return source.whole()


class _Number(Kind):
    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        out += struct.pack("<d", float(value))

    def take(self, source: Source, names: Names) -> float:
        return struct.unpack("<d", source.take(8))[0]


class _Truth(Kind):
    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        out.append(bool(value))

    def take(self, source: Source, names: Names) -> bool:
        return source.take(1) == b"\x01"


class _Text(Kind):
    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        data = value.encode()
        put_whole(out, len(data))
        out += data

    def take(self, source: Source, names: Names) -> str:
        return source.take(source.whole()).decode()


class _Byte(Kind):
    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        out.append(int(value))

    def take(self, source: Source, names: Names) -> int:
        return source.take(1)[0]


class _Signed(Kind):
    """A whole number of either sign: 0, -1, 1, -2, … are 0, 1, 2, 3, …"""

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        value = int(value)
        put_whole(out, value * 2 if value >= 0 else -value * 2 - 1)

    def take(self, source: Source, names: Names) -> int:
        found = source.whole()
        return found // 2 if found % 2 == 0 else -(found // 2) - 1


#: What stands for no node and no feature.
_NONE = 2**32 - 1


class _Index(Kind):
    """A place in a list, or `None`."""

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        put_whole(out, _NONE if value is None else value)

    def take(self, source: Source, names: Names) -> int | None:
        found = source.whole()
        return None if found == _NONE else found


class _Feature(_Index):
    """A feature; `None` for one whose name was forgotten."""

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        super().put(out, None if value is None else names.feature(value), names)

    def take(self, source: Source, names: Names) -> typing.Any:
        found = super().take(source, names)
        return None if found is None else names.key(found)


class _Class(Kind):
    """A class."""

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        put_whole(out, names.class_of(value))

    def take(self, source: Source, names: Names) -> typing.Any:
        return names.labels[source.whole()]


WHOLE, NUMBER, TRUTH, TEXT = _Whole(), _Number(), _Truth(), _Text()
BYTE, SIGNED, INDEX, FEATURE, CLASS = _Byte(), _Signed(), _Index(), _Feature(), _Class()


class Maybe(Kind):
    """A value or `None`."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        out.append(value is not None)
        if value is not None:
            self._kind.put(out, value, names)

    def take(self, source: Source, names: Names) -> typing.Any:
        return self._kind.take(source, names) if source.take(1) == b"\x01" else None


class Many(Kind):
    """A list."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        value = list(value)
        put_whole(out, len(value))
        for item in value:
            self._kind.put(out, item, names)

    def take(self, source: Source, names: Names) -> list:
        return [self._kind.take(source, names) for _ in range(source.whole())]


class Row(Kind):
    """Values by the name of a field, in this order: a dict."""

    def __init__(self, **kinds: Kind) -> None:
        self._kinds = kinds

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        for name, kind in self._kinds.items():
            kind.put(out, value[name], names)

    def take(self, source: Source, names: Names) -> dict[str, typing.Any]:
        return {name: kind.take(source, names) for name, kind in self._kinds.items()}


class Pair(Kind):
    """Values one after the other: a tuple."""

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        for kind, item in zip(self._kinds, value, strict=True):
            kind.put(out, item, names)

    def take(self, source: Source, names: Names) -> tuple:
        return tuple(kind.take(source, names) for kind in self._kinds)


class Choice(Kind):
    """One of several kinds of values: its name and the value."""

    def __init__(self, **kinds: Kind) -> None:
        self._kinds = kinds
        self._order = list(kinds)

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        name, inside = value
        put_whole(out, self._order.index(name))
        self._kinds[name].put(out, inside, names)

    def take(self, source: Source, names: Names) -> tuple[str, typing.Any]:
        name = self._order[source.whole()]
        return name, self._kinds[name].take(source, names)


class ByFeature(Kind):
    """A dict by feature, which lies as a list by the features' numbers, with gaps."""

    def __init__(self, kind: Kind, gap: typing.Any = 0.0) -> None:
        self._list = Many(kind)
        self._gap = gap

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        found = {names.feature(key): v for key, v in value.items()}
        end = max(found, default=-1) + 1
        self._list.put(out, [found.get(i, self._gap) for i in range(end)], names)

    def take(self, source: Source, names: Names) -> dict:
        found = enumerate(self._list.take(source, names))
        return {
            names.key(i): v for i, v in found if v != self._gap and names.key(i) is not None
        }


class ByClass(Kind):
    """A dict by class, which lies as a list by the classes' numbers, with gaps."""

    def __init__(self, kind: Kind, gap: typing.Any = 0.0) -> None:
        self._list = Many(kind)
        self._gap = gap

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        found = {names.class_of(label): v for label, v in value.items()}
        end = max(found, default=-1) + 1
        self._list.put(out, [found.get(i, self._gap) for i in range(end)], names)

    def take(self, source: Source, names: Names) -> dict:
        found = enumerate(self._list.take(source, names))
        return {names.labels[i]: v for i, v in found if v != self._gap}


def block(kind: Kind, value: typing.Any, names: Names) -> bytes:
    """A value with its length in front."""
    out = bytearray()
    kind.put(out, value, names)
    return _with_length(bytes(out))


def frame(name: str, version: int, state: bytes) -> bytes:
    """The state of one estimator, with its name and version in front."""
    return _with_length(name.encode()) + struct.pack("<H", version) + _with_length(state)


def _with_length(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


class Blocks:
    """The blocks of a state, from the first to the last."""

    def __init__(self, data: bytes) -> None:
        self._source = Source(data)

    def _block(self) -> bytes:
        return self._source.take(struct.unpack("<I", self._source.take(4))[0])

    def peek(self) -> bytes:
        """The next block's bytes, which stay."""
        return self._source.rest()[4:]

    def get(self, kind: Kind, names: Names) -> typing.Any:
        """The next block's value."""
        source = Source(self._block())
        found = kind.take(source, names)
        if source.left:
            raise ValueError("the state has bytes too many; it is damaged, or of another version")
        return found

    def frame(self) -> tuple[str, int, Blocks]:
        """The next estimator: its name, its version, its blocks."""
        name = self._block().decode()
        [version] = struct.unpack("<H", self._source.take(2))
        return name, version, Blocks(self._block())
