"""Streams that are kept on the disk."""

from __future__ import annotations

import inspect
import os
import pickle
import tempfile
import typing
from collections.abc import Callable, Iterable, Iterator

from heraclitus.base._memory import humanize_bytes

_SUFFIX = ".heraclitus_cache.pkl"


def _own_directory() -> str:
    """A folder for temporary files that only this user can write to.

    What is read back is pickled, and a pickle of someone else's can run anything.
    """
    user = os.getuid() if hasattr(os, "getuid") else ""
    path = os.path.join(tempfile.gettempdir(), f"heraclitus-cache-{user}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    if hasattr(os, "getuid"):
        status = os.stat(path, follow_symlinks=False)
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            raise PermissionError(f"{path} can be written to by others; give a directory")
    return path


class Cache:
    """Keeps streams on the disk, so that going through them again takes less time.

    Parameters
    ----------
    directory
        Where to keep them; a folder of the user's own among the temporary files when left out.

    Attributes
    ----------
    keys : set
        The names of the streams that are there.

    Examples
    --------

    >>> import tempfile
    >>> from heraclitus import stream
    >>> folder = tempfile.TemporaryDirectory()
    >>> cache = stream.Cache(folder.name)
    >>> for x, y in cache(iter([({"a": 1}, True)]), key="mine"):
    ...     print(x, y)
    {'a': 1} True
    >>> list(cache(iter([]), key="mine"))
    [({'a': 1}, True)]
    >>> cache.clear_all()
    >>> cache.keys
    set()
    >>> folder.cleanup()
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self.directory = _own_directory() if directory is None else os.fspath(directory)
        self.keys: set[str] = set()
        if os.path.isdir(self.directory):
            names = os.listdir(self.directory)
            self.keys |= {name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX)}

    def _get_path(self, key: str) -> str:
        return os.path.join(self.directory, f"{key}{_SUFFIX}")

    def __call__(
        self,
        stream: Iterable[typing.Any] | Callable[[], Iterable[typing.Any]],
        key: str | None = None,
    ) -> Iterator[typing.Any]:
        """Goes through a stream and keeps it, or through what was kept before.

        A stream that is not gone through to its end is not kept.

        Parameters
        ----------
        stream
            The stream, or a function that gives it.
        key
            Its name. A function goes by its own.
        """
        if key is None:
            # A generator has a name too, but only its function's: all files would share one.
            if not inspect.isfunction(stream):
                raise ValueError("the stream has no name of its own; give a key")
            key = stream.__name__
        path = self._get_path(key)
        if os.path.exists(path):
            yield from self[key]
            return
        # Under another name until it is whole.
        file = tempfile.NamedTemporaryFile(dir=self.directory, suffix=".part", delete=False)
        try:
            with file:
                # One pickler to each element: one for all would hold on to every one of them.
                for element in stream() if inspect.isfunction(stream) else stream:
                    pickle.dump(element, file)
                    yield element
            os.replace(file.name, path)
            self.keys.add(key)
        finally:
            if os.path.exists(file.name):
                os.remove(file.name)

    def __getitem__(self, key: str) -> Iterator[typing.Any]:
        """Goes through a stream that was kept."""
        with open(self._get_path(key), "rb") as file:
            while file.peek(1):
                yield pickle.load(file)

    def clear(self, key: str) -> None:
        """Removes a stream.

        Parameters
        ----------
        key
            Its name.
        """
        os.remove(self._get_path(key))
        self.keys.remove(key)

    def clear_all(self) -> None:
        """Removes all streams."""
        for key in sorted(self.keys):
            self.clear(key)

    def __repr__(self) -> str:
        sizes = ((key, os.path.getsize(self._get_path(key))) for key in sorted(self.keys))
        return "\n".join([self.directory, *(f"{k} - {humanize_bytes(size)}" for k, size in sizes)])
