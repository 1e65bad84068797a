"""A peer as a server: python served.py vw|fastapi. Says on stderr where it listens.

Both predict and learn each event, in one process, and keep nothing on disk.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import Any

VW = ["--loss_function", "logistic", "--link", "logistic", "--quiet"]


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def tell(port: int) -> None:
    """Tells the address once somebody listens; VW accepts one connection after the other."""
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    print(f"listening on http://127.0.0.1:{port}", file=sys.stderr, flush=True)


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
    threading.Thread(target=tell, args=(port,), daemon=True).start()
    {"vw": vw, "fastapi": fastapi}[sys.argv[1]](port)
