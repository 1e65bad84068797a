"""A stand-in for River's build backend: it builds nothing.

pip asks every source archive for its metadata, even when it shall only download it. River's own
backend would look for a Rust toolchain; this one answers with a name and a version.
"""

from __future__ import annotations

from pathlib import Path

NAME = "river-0.26.1.dist-info"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """The two files that pip reads."""
    folder = Path(metadata_directory) / NAME
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: river\nVersion: 0.26.1\n")
    (folder / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: none\nTag: py3-none-any\n")
    return NAME


def build_wheel(*_):
    """Asked for only when somebody installs the archive, which is never meant."""
    raise RuntimeError("this backend is for downloading only")
