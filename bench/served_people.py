"""FastAPI and River as a server for people: python served_people.py [PING_S PING_TIMEOUT_S].

It speaks what `channels.py` speaks: a WebSocket (hello, then a prediction for each message, which
is learned from if it has a label; beats, if asked for) and a stream of NDJSON that is learned
line by line. One process, one loop, no lock, and nothing is kept on disk.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from river import feature_extraction, linear_model

from served import free_port, tell

model = feature_extraction.BagOfWords(on="text") | linear_model.LogisticRegression()
app = FastAPI()
version, people = 1, 0


def learn(x: dict[str, Any], y: bool) -> dict[str, Any]:
    global version
    proba = model.predict_proba_one(x)
    model.learn_one(x, y)
    version += 1
    return {"version": version, "proba": proba.get(True, 0.0)}


async def beat(socket: WebSocket, pulse: int) -> None:
    while True:
        await asyncio.sleep(1 / pulse)
        await socket.send_json({"beat": version})


@app.websocket("/v1/identities/eve/ws")
async def talk(socket: WebSocket, pulse: int = 0) -> None:
    global people
    await socket.accept()
    people += 1
    beats = None
    try:
        await socket.send_json({"hello": version})
        beats = asyncio.create_task(beat(socket, pulse)) if pulse else None
        while True:
            said = await socket.receive_json()
            if "y" in said:
                told = learn(said["x"], said["y"])
            else:
                told = {"proba": model.predict_proba_one(said["x"]).get(True, 0.0)}
            await socket.send_json({"n": said["n"], **told})
    except WebSocketDisconnect:
        pass
    finally:
        people -= 1
        if beats:
            beats.cancel()


class Learned(Response):
    """Answers while the body still comes; StreamingResponse would read the body away."""

    def __init__(self, request: Request) -> None:
        super().__init__(media_type="application/x-ndjson")
        self.request = request
        del self.headers["content-length"]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        rest = b""
        async for piece in self.request.stream():
            *lines, rest = (rest + piece).split(b"\n")
            told = [learn(**json.loads(line)) for line in lines]
            text = "".join(json.dumps(t) + "\n" for t in told).encode()
            await send({"type": "http.response.body", "body": text, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@app.post("/v1/identities/eve/learn")
async def stream(request: Request) -> Response:
    return Learned(request)


@app.get("/v1/channels")
async def channels() -> dict[str, int]:
    return {"open": people}


if __name__ == "__main__":
    ping, timeout = (float(a) for a in sys.argv[1:] or (20, 20))
    port = free_port()
    tell(port)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False,
                ws_ping_interval=ping, ws_ping_timeout=timeout)
