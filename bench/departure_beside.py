"""What others do where an identity departs: how long a client that writes stands still.

    target/venv-peers/bin/python bench/departure_beside.py pickle [MOVES]
    python bench/departure_beside.py valkey VALKEY_SERVER [MOVES]

`pickle`: River behind FastAPI. Cold: the process dumps its model and ends, a new one starts and
loads. Warm: the new one has started and imported already, and only loads. Nothing is durable.
`valkey`: a slot moves between two nodes by CLUSTER MIGRATESLOTS; each write is synced first.
Prints rows of Markdown: the pause from the last answer of one process to the first of the other.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def percentile(values: list[float], q: float) -> float:
    values = sorted(values)
    return values[round((len(values) - 1) * q)] if values else float("nan")


def sync_ms(folder: str) -> float:
    times = []
    with open(Path(folder) / "sync", "wb", buffering=0) as file:
        for _ in range(50):
            begin = time.perf_counter()
            file.write(b"1" * 512)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e3)
    return percentile(times, 0.5)


class Pauses:
    """From the last answer of one server to the first of the next."""

    def __init__(self) -> None:
        self.server: Any = None
        self.last = 0.0
        self.all: list[float] = []
        self.answers = 0

    def answered(self, server: Any, many: int = 1) -> None:
        now = time.perf_counter()
        if self.server is not None and server != self.server:
            self.all.append((now - self.last) * 1e3)
        self.server, self.last = server, now
        self.answers += many


# River and FastAPI


def serve(port: int, load: Path, save: Path, waits: bool) -> None:
    import uvicorn
    from fastapi import Body, FastAPI
    from river import linear_model, preprocessing

    while waits and not load.exists():
        time.sleep(0.001)
    if load.exists():
        model = pickle.loads(load.read_bytes())
    else:
        model = preprocessing.StandardScaler() | linear_model.LogisticRegression()

    @contextlib.asynccontextmanager
    async def dump(_: FastAPI) -> AsyncIterator[None]:
        yield
        part = save.with_suffix(".part")
        part.write_bytes(pickle.dumps(model))
        part.rename(save)

    app = FastAPI(lifespan=dump)

    @app.post("/learn")
    async def learn(event: dict[str, Any] = Body()) -> dict[str, float]:
        proba = model.predict_proba_one(event["x"])
        model.learn_one(event["x"], event["y"])
        return {"true": proba.get(True, 0.0)}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


class Learner(threading.Thread):
    """Learns one event after the other at whichever port answers."""

    def __init__(self, ports: list[int], pauses: Pauses) -> None:
        super().__init__(daemon=True)
        self.ports, self.pauses, self.stopped = ports, pauses, False

    def run(self) -> None:
        at, event = 0, json.dumps({"x": {"a": 1.0, "b": 2.0}, "y": True})
        head = {"content-type": "application/json"}
        while not self.stopped:
            link = http.client.HTTPConnection("127.0.0.1", self.ports[at], timeout=60)
            try:
                while not self.stopped:
                    link.request("POST", "/learn", event, head)
                    link.getresponse().read()
                    self.pauses.answered(at)
            except (OSError, http.client.HTTPException):
                at = 1 - at
                time.sleep(0.001)


def learn_wide(port: int, weights: int) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    for first in range(0, weights, 5_000):
        x = {f"w{i}": 1.0 for i in range(first, min(first + 5_000, weights))}
        event = json.dumps({"x": x, "y": first % 2 == 0})
        link.request("POST", "/learn", event, {"content-type": "application/json"})
        assert link.getresponse().read()


def await_port(port: int) -> None:
    while socket.socket().connect_ex(("127.0.0.1", port)):
        time.sleep(0.01)


def move_by_pickle(folder: str, weights: int, warm: bool, rounds: int) -> None:
    ports, pauses = [free_port(), free_port()], Pauses()
    files = [Path(folder) / f"{weights}-{warm}-{i}" for i in range(rounds + 2)]

    def start(i: int, waits: bool) -> subprocess.Popen[bytes]:
        words = ["serve", str(ports[i % 2]), str(files[i]), str(files[i + 1]), str(int(waits))]
        return subprocess.Popen([sys.executable, __file__, *words])

    server = start(0, False)
    await_port(ports[0])
    learn_wide(ports[0], weights)
    learner = Learner(ports, pauses)
    learner.start()
    size, begin = 0, time.perf_counter()
    for i in range(rounds):
        after = start(i + 1, True) if warm else None
        time.sleep(4 if warm else 0.5)
        server.send_signal(signal.SIGTERM)
        server.wait()
        server = after or start(i + 1, False)
        while len(pauses.all) <= i:
            time.sleep(0.01)
        size = files[i + 1].stat().st_size
        files[i + 1].unlink()
    rate = pauses.answers / (time.perf_counter() - begin)
    learner.stopped = True
    server.kill()
    server.wait()
    row(f"River, FastAPI, pickle, {'warm' if warm else 'cold'}", size, rate, pauses, folder)


def row(what: str, size: int, rate: float, pauses: Pauses, folder: str, more: str = "") -> None:
    p = [percentile(pauses.all, q) for q in (0.5, 0.99, 1.0)]
    sync = sync_ms(folder)
    print(
        f"| {what} | {size / 1e6:.1f} MB | {rate:.0f} | {len(pauses.all)} | {p[0]:.1f} "
        f"| {p[1]:.1f} | {p[2]:.1f} | {p[0] / sync:.0f} × {sync:.2f} | {more} |",
        flush=True,
    )


# Valkey


class Valkey:
    """One connection: commands go out together, answers are lines or bulks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, *commands: tuple[Any, ...]) -> None:
        out = []
        for command in commands:
            words = [w if isinstance(w, bytes) else str(w).encode() for w in command]
            parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
            out.append(b"*%d\r\n" % len(words) + b"".join(parts))
        self.socket.sendall(b"".join(out))

    def answer(self) -> Any:
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2]
        if kind in (b"*", b"%"):
            many = int(rest) * (2 if kind == b"%" else 1)
            return [self.answer() for _ in range(many)]
        if kind == b"-":
            return RuntimeError(rest.decode())
        if not kind:
            raise OSError("closed")
        return rest

    def ask(self, *command: Any) -> Any:
        self.send(command)
        return self.answer()


class Writer(threading.Thread):
    """Writes into one slot at a rate, in batches, and follows where the slot goes."""

    def __init__(self, port: int, rate: int, pauses: Pauses) -> None:
        super().__init__(daemon=True)
        self.link, self.rate, self.pauses = Valkey(port), rate, pauses
        self.stopped, self.refused = False, 0

    def run(self) -> None:
        begin, sent = time.perf_counter(), 0
        while not self.stopped:
            due = int((time.perf_counter() - begin) * self.rate) - sent
            if due < 1:
                time.sleep(0.0005)
                continue
            due = min(due, 500)
            batch = [("SET", f"{{sam}}{(sent + i) % 1000}", b"x" * 32) for i in range(due)]
            sent += due
            self.link.send(*batch)
            answers = [self.link.answer() for _ in batch]
            good = sum(not isinstance(a, RuntimeError) for a in answers)
            if good:
                self.pauses.answered(self.link.port, good)
            moved = [str(a) for a in answers if isinstance(a, RuntimeError)]
            self.refused += len(moved)
            if moved and moved[0].startswith("MOVED"):
                self.link = Valkey(int(moved[0].rsplit(":", 1)[1]))


def start_valkey(binary: str, folder: str, port: int) -> subprocess.Popen[bytes]:
    home = Path(folder) / str(port)
    home.mkdir()
    words = [binary, "--port", str(port), "--cluster-enabled", "yes", "--dir", str(home)]
    words += ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--bind", "127.0.0.1"]
    words += ["--cluster-announce-ip", "127.0.0.1"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def move_slots(binary: str, folder: str, state: int, rate: int, rounds: int) -> None:
    # The bus of a node is at its port and 10,000.
    ports: list[int] = []
    while len(ports) < 2:
        port = free_port() % 20_000 + 20_000
        if port not in ports and socket.socket().connect_ex(("127.0.0.1", port)):
            ports.append(port)
    servers = [start_valkey(binary, folder, port) for port in ports]
    try:
        for port in ports:
            await_port(port)
        nodes = [Valkey(port) for port in ports]
        nodes[0].ask("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
        nodes[1].ask("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
        nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", ports[1])
        while any(b"cluster_state:ok" not in node.ask("CLUSTER", "INFO") for node in nodes):
            time.sleep(0.1)
        time.sleep(2)
        slot = int(nodes[0].ask("CLUSTER", "KEYSLOT", "{sam}"))
        owner = int(slot >= 8192)
        for first in range(0, state, 1 << 20):
            size = min(1 << 20, state - first) // 1000
            batch = [("SET", f"{{sam}}w{first}-{i}", b"y" * 1000) for i in range(size)]
            nodes[owner].send(*batch)
            assert not any(isinstance(nodes[owner].answer(), RuntimeError) for _ in batch)
        pauses = Pauses()
        writer = Writer(ports[owner], rate, pauses)
        writer.start()
        begin = time.perf_counter()
        time.sleep(1)
        ids = [node.ask("CLUSTER", "MYID") for node in nodes]
        failed = 0
        for _ in range(rounds):
            before = len(pauses.all)
            to = 1 - owner
            words = ("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", ids[to])
            said = nodes[owner].ask(*words)
            if isinstance(said, RuntimeError):
                raise said
            while True:
                jobs = nodes[owner].ask("CLUSTER", "GETSLOTMIGRATIONS")
                job = jobs[0]
                told = dict(zip(job[::2], job[1::2], strict=False))
                if told[b"state"] in (b"success", b"failed", b"cancelled"):
                    break
                time.sleep(0.01)
            if told[b"state"] != b"success":
                failed += 1
                continue
            owner = to
            while len(pauses.all) == before:
                time.sleep(0.005)
            time.sleep(0.3)
        seconds = time.perf_counter() - begin
        writer.stopped = True
        writer.join()
        rate_seen = pauses.answers / seconds
        more = f"{failed} failed, {writer.refused} writes refused"
        row(f"Valkey, asked {rate}/s", state, rate_seen, pauses, folder, more)
    finally:
        for server in servers:
            server.kill()
            server.wait()


def main() -> None:
    verb, rest = sys.argv[1], sys.argv[2:]
    if verb == "serve":
        return serve(int(rest[0]), Path(rest[1]), Path(rest[2]), rest[3] == "1")
    print("| what | state | writes/s | moves | pause p50 ms | p99 | max | in syncs | |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory(dir="target") as folder:
        folder = str(Path(folder).resolve())
        if verb == "pickle":
            rounds = int(rest[0]) if rest else 10
            for weights, many in [(0, rounds), (26_000, rounds), (1_000_000, min(rounds, 3))]:
                for warm in (False, True):
                    move_by_pickle(folder, weights, warm, many)
        elif verb == "valkey":
            rounds = int(rest[1]) if len(rest) > 1 else 20
            cases = [(4 << 10, 10_000), (1 << 20, 10_000), (100 << 20, 10_000), (4 << 10, 40_000)]
            for state, rate in cases:
                move_slots(rest[0], tempfile.mkdtemp(dir=folder), state, rate, rounds)
        else:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
