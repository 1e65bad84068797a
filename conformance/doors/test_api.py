"""schemathesis reads /openapi.json and tries every operation of `her serve`.

Left out, with their reasons: the stream of events, which has no end to wait for; the check that
all data of the right form is accepted, since what a model takes depends on its spec; and those
that follow a resource through several calls.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from served import Served, serve
from test_triton import ask

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
]
# Random names and versions nearly always miss; these hit.
HITS = """
[parameters]
"path.name" = "sam"
"path.version" = 2
"path.client" = "c"
"""


def schemathesis(server: Served, config: Path, seconds: int) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("schemathesis")
    command = [str(tool), "--config-file", str(config), "run"]
    command += [f"http://{server.address}/openapi.json"]
    command += ["-H", f"Authorization: Bearer {server.token}"]
    command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
    command += ["--seed", "7", "--max-time", str(seconds), "--request-timeout", "20", "--no-color"]
    command += ["--exclude-path", "/v1/identities/{name}/events", "--continue-on-failure"]
    command += ["--suppress-health-check", "all", "--warnings", "off", "-n", "15"]
    return subprocess.run(command, capture_output=True, text=True, cwd=config.parent)


@pytest.mark.parametrize("config", ["", HITS], ids=["any", "hits"])
def test_no_fault_and_no_violation(tmp_path: Path, config: str) -> None:
    file = tmp_path / "schemathesis.toml"
    hooks = Path(__file__).with_name("hooks.py")
    file.write_text(f"hooks = {str(hooks)!r}\n{config}")
    seconds = int(os.environ.get("HER_API_SECONDS", "25"))
    with serve() as server:
        spec = {"model": ["StandardScaler", "LogisticRegression"], "shadow_after": 5}
        ask(server, "PUT", "sam", spec)
        for i in range(20):
            event = {"x": {"a": i, "b": i % 3}, "y": i % 2 == 0, "client": "c", "n": i}
            ask(server, "POST", "sam/learn", event)
        said = schemathesis(server, file, seconds)
        assert said.returncode == 0, said.stdout[-8_000:] + said.stderr[-2_000:]
        assert ask(server, "POST", "sam/verify", {})["verified"]
