"""`her serve` in a folder of its own, for tests that speak to it as strangers do."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Served:
    """Where a server listens, and the token that opens it."""

    address: str
    token: str
    folder: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextlib.contextmanager
def serve(*settings: str) -> Iterator[Served]:
    her = os.environ["HER_BIN"]
    with tempfile.TemporaryDirectory() as folder:
        command = [her, "serve", "--data-dir", folder, "--set", "listen=127.0.0.1:0"]
        for setting in settings:
            command += ["--set", setting]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if found := re.search(r"http://(127\.0\.0\.1:\d+)", line):
                    break
            else:
                raise RuntimeError("her serve ended before it listened")
            # What it writes later must not fill the pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            token = (Path(folder) / "token").read_text().strip()
            yield Served(found[1], token, Path(folder))
        finally:
            process.terminate()
            process.wait(60)
