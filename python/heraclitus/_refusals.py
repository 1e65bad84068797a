"""Refusals of houses and servers as Python raises them."""

from __future__ import annotations

from ._native import HouseRefusal

__all__ = ["HouseError", "raised"]


class HouseError(Exception):
    """A house or a server refuses, in its own words.

    `kind` says what to do about it: `invalid`, `not_found`, `gone`, `too_old`, `exists`, `busy`,
    `fenced`, `frozen`, `poisoned`, `unavailable`, `full`, `unsupported`, `corrupt`, `internal`,
    or `unreachable` and `refused` (the token) of a server.
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple:
        return type(self), (self.args[0], self.kind)


class Invalid(HouseError, ValueError):
    """The request is wrong."""


class NotFound(HouseError, LookupError):
    """What was asked for does not exist, or not any more."""


class Unreachable(HouseError, ConnectionError):
    """A server gives no answer."""


class Refused(HouseError, PermissionError):
    """A server wants a token, or another one."""


_KINDS: dict[str, type[HouseError]] = {
    "invalid": Invalid,
    "exists": Invalid,
    "not_found": NotFound,
    "gone": NotFound,
    "unreachable": Unreachable,
    "refused": Refused,
}


def raised(error: HouseRefusal) -> HouseError:
    """What to raise for a refusal of the native core."""
    message, kind = error.args
    return _KINDS.get(kind, HouseError)(message, kind)
