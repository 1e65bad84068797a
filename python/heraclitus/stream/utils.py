"""Files, compressed or not."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import typing
import zipfile
from collections.abc import Iterator

from .typing import Compression, FilePath

_BY_SUFFIX = {".gz": "gzip", ".zip": "zip", ".bz2": "bz2", ".xz": "xz"}
_COMPRESSIONS = ("infer", "csv", "gzip", "zip", "bz2", "xz", None)


def open_filepath(filepath: FilePath, compression: Compression | None) -> typing.TextIO:
    """Opens a file to read text; the caller closes it.

    The ends of lines come as they are in the file, as `csv` wants them.

    Parameters
    ----------
    filepath
        Where it is.
    compression
        `gzip`, `zip`, `bz2`, `xz` or `None`; `infer` goes by the file's name.
    """
    if compression not in _COMPRESSIONS:
        raise ValueError(f"compression is {compression!r}, it must be one of {_COMPRESSIONS}")
    path = os.fspath(filepath)
    resolved: str | None = compression
    if compression == "infer":
        resolved = _BY_SUFFIX.get(os.path.splitext(path)[1])
    match resolved:
        case "gzip":
            return typing.cast(typing.TextIO, gzip.open(path, "rt", newline=""))
        case "bz2":
            return typing.cast(typing.TextIO, bz2.open(path, "rt", newline=""))
        case "xz":
            return typing.cast(typing.TextIO, lzma.open(path, "rt", newline=""))
        case "zip":
            return _open_zip(path)
    return open(path, newline="")


def _open_zip(path: str) -> typing.TextIO:
    # What is open in an archive stays open when the archive itself is closed.
    with zipfile.ZipFile(path) as archive:
        # The first file is the one that is read, as in River; archives made on a Mac hold more.
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if not names:
            raise ValueError(f"{path} holds no file")
        return io.TextIOWrapper(archive.open(names[0]), newline="")


@contextlib.contextmanager
def opened(
    filepath_or_buffer: FilePath | typing.TextIO, compression: Compression | None
) -> Iterator[typing.TextIO]:
    """A text file, which is closed in the end unless it was open before."""
    if not isinstance(filepath_or_buffer, (str, os.PathLike)):
        yield filepath_or_buffer
        return
    with open_filepath(filepath_or_buffer, compression) as file:
        yield file
