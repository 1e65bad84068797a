"""A peer as a server: python served.py vw|fastapi. Says on stderr where it listens.

Both predict and learn each event, in one process, and keep nothing on disk.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

VW = ["--loss_function", "logistic", "--link", "logistic", "--quiet"]


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def tell(port: int) -> None:
    """Tells the address once somebody listens.

    In a process of its own, as VW waits with Python's lock held, and without a connection, as VW
    serves one after the other.
    """
    if os.fork() > 0:
        return
    listens = f":{port:04X} 00000000:0000 0A"
    while os.getppid() > 1 and listens not in Path("/proc/net/tcp").read_text():
        time.sleep(0.05)
    print(f"listening on http://127.0.0.1:{port}", file=sys.stderr, flush=True)
    os._exit(0)


def vw(port: int) -> None:
    import vowpalwabbit

    daemon = ["--daemon", "--foreground", "--num_children", "1", "--port", str(port)]
    workspace = vowpalwabbit.Workspace(arg_list=[*VW, *daemon])
    while True:
        workspace.run_parser()


def fastapi(port: int) -> None:
    import uvicorn
    from fastapi import Body, FastAPI
    from river import linear_model, preprocessing

    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    app = FastAPI()

    @app.post("/learn")
    async def learn(event: dict[str, Any] = Body()) -> dict[str, float]:
        x, y = event["x"], event["y"]
        proba = model.predict_proba_one(x)
        model.learn_one(x, y)
        return {"proba": proba.get(True, 0.0)}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    port = free_port()
    tell(port)
    {"vw": vw, "fastapi": fastapi}[sys.argv[1]](port)
