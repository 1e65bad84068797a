"""The guides say what happens: their blocks run in order, and print what they show."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import threading
import typing

import pytest
from test_doors import Server

GUIDES = pathlib.Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:7400"


def blocks(guide: str) -> typing.Iterator[tuple[str, str, int]]:
    text = (GUIDES / guide).read_text()
    for found in BLOCK.finditer(text):
        yield found[1], found[2], text.count("\n", 0, found.start(2)) + 1


@pytest.mark.parametrize("guide", ["river-user.md", "notebook-to-server.md"])
def test_the_blocks_of_a_guide_do_what_they_say(
    guide: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server: Server | None = None
    names: dict[str, typing.Any] = {"__name__": "guide"}
    printed, run = "", 0
    try:
        for kind, text, line in blocks(guide):
            if kind == "sh":
                assert text == "her serve --data-dir house\n", f"{guide}:{line}"
                server = Server(tmp_path / "house")
            elif kind == "text":
                assert printed == text, f"{guide}:{line}"
            else:
                assert kind == "python", f"{guide}:{line} is a block of {kind}"
                printed, run = run_block(guide, text, line, names, server), run + 1
    finally:
        if server is not None:
            server.kill()
    assert run > 4


def run_block(
    guide: str, text: str, line: int, names: dict[str, typing.Any], server: Server | None
) -> str:
    """What a block prints; a server is at another address, and is killed where it says so."""
    if server is not None:
        text = text.replace(ADDRESS, server.url)
    if "is killed and started again" in text:
        assert server is not None
        names = {**names, "events": broken(names["events"], server)}
    out = io.StringIO()
    # Blank lines before it give errors the line they have in the guide.
    code = compile("\n" * (line - 1) + text, os.fspath(GUIDES / guide), "exec")
    with contextlib.redirect_stdout(out):
        exec(code, names)
    return out.getvalue()


def broken(events: typing.Callable, server: Server) -> typing.Callable:
    """The same events; the server is killed in the middle of them, and comes back."""

    def give(seed: int) -> typing.Iterator[tuple[dict, bool]]:
        again = threading.Timer(0.2, server.start)
        for i, event in enumerate(events(seed)):
            if i == 700:
                server.kill()
                again.start()
            yield event
        again.join()

    return give
