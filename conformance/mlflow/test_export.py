"""`her export` against a real MLflow tracking server; read back by MLflow's own client."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--workers", "1"]
    command += ["--artifacts-destination", str(tmp_path / "artifacts")]
    process = subprocess.Popen(command, cwd=tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 240
        while True:
            try:
                urllib.request.urlopen(f"{url}/health", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < end, "mlflow does not start"
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def test_metrics_and_card_reach_the_server(tracking: str, tmp_path: Path) -> None:
    os.environ["HER_DATA_DIR"] = str(tmp_path / "her")

    def her(*arguments: str, feed: str = "") -> str:
        command = [os.environ["HER_BIN"], *arguments]
        said = subprocess.run(command, input=feed, check=True, capture_output=True, text=True)
        return said.stdout

    spec = {"model": ["StandardScaler", "LogisticRegression"], "licence": "MIT"}
    her("new", "sam", "--spec", json.dumps(spec))

    def learn(first: int, last: int) -> None:
        lines = (json.dumps({"x": {"a": i % 7}, "y": i % 7 > 3}) for i in range(first, last))
        her("learn", "sam", "-", feed="\n".join(lines))

    export = ("export", "sam", "--to", "mlflow", "--tracking", tracking, "--json")
    learn(0, 500)
    first = json.loads(her(*export))
    learn(500, 800)
    second = json.loads(her(*export))
    assert first["run_id"] == second["run_id"], "exports of one branch are one run"
    her("rewind", "sam", "100")
    learn(0, 5)
    assert json.loads(her(*export))["run_id"] != first["run_id"], "another branch is another run"

    client = MlflowClient(tracking)
    assert client.get_experiment(first["experiment_id"]).name == "heraclitus"
    run = client.get_run(first["run_id"])
    assert run.data.params["licence"] == "MIT" and "LogisticRegression" in run.data.params["spec"]
    assert run.data.tags["her.version"] == "801"
    assert run.data.tags["mlflow.note.content"].startswith("# sam")
    history = client.get_metric_history(first["run_id"], "online/since_birth/LogLoss")
    assert [metric.step for metric in history] == [501, 801]
    assert run.data.metrics["learned"] == 800
    kept = client.download_artifacts(first["run_id"], "card.json", str(tmp_path))
    card = json.loads(Path(kept).read_text())
    assert card["version"] == 801 and card["data"]["features"][0]["name"] == "a"
    assert history[1].value == card["metrics"]["online"]["since_birth"]["scores"]["LogLoss"]


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    os.environ["HER_DATA_DIR"] = str(tmp_path / "her")
    her = os.environ["HER_BIN"]
    born = [her, "new", "sam", "--spec", '"LogisticRegression"']
    subprocess.run(born, check=True, capture_output=True)
    command = [her, "export", "sam", "--to", "mlflow", "--tracking", "http://127.0.0.1:1"]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 6 and "gives no answer" in said.stderr
