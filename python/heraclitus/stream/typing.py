"""Names for the arguments of streams."""

from __future__ import annotations

import os
import typing

FilePath = str | os.PathLike[str]
ResolvedCompression = typing.Literal["csv", "gzip", "zip", "bz2", "xz"]
Compression = ResolvedCompression | typing.Literal["infer"]
