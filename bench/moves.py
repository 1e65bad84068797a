"""How long learning stands still while an identity moves between two processes.

    python bench/moves.py --her target/release/her --moves 60

Two real servers, each with its journal on the disk under --dir, on the loopback of one machine. An
identity moves back and forth while a client teaches it, in bodies of 20 events; the old node hands
on what comes to it. The pause is the node's own figure, from the seal to the end of the departure.
One JSON line is printed for each size of state, with how long a sync of the same disk took before
and after: the simulator says how far its model of a pause is from these (crates/sim/src/pause.rs).
Only Python's own library is needed.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

BODY = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    """The real binary over a directory of its own."""

    def __init__(self, her, root, name):
        self.her, self.dir, self.name = her, root / name, name
        self.port, self.config = free_port(), root / f"{name}.toml"
        self.config.write_text(
            f'listen = "127.0.0.1:{self.port}"\n[node]\nlisten = "127.0.0.1:{free_port()}"\n'
        )

    def run(self, *args):
        return subprocess.run(
            [self.her, *args, "--data-dir", self.dir, "--config", self.config],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def know(self, other):
        with self.config.open("a") as config:
            config.write(other.run("node").replace("NAME", other.name))

    def serve(self):
        args = [self.her, "serve", "--data-dir", self.dir, "--config", self.config]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(args, stdout=quiet, stderr=quiet)
        for _ in range(1000):
            if (self.dir / "server.json").exists():
                return
            time.sleep(0.02)
        raise SystemExit(f"{self.name} did not start within 20 s")


class Teacher(threading.Thread):
    """Teaches at a rate, through one node, wherever the identity lives."""

    def __init__(self, node, rate, features):
        super().__init__(daemon=True)
        self.node, self.rate, self.features = node, rate, features
        self.taught, self.refused, self.stop = 0, {}, threading.Event()
        self.token = (node.dir / "token").read_text().strip()

    def event(self, i):
        row = {f"f{(i * 7 + k) % self.features}": (i * 31 + k) % 101 for k in range(4)}
        return json.dumps({"x": row, "y": (i * 37) % 101 > 50})

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=30)
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"}
        began, i = time.monotonic(), 0
        while not self.stop.is_set():
            body = "\n".join(self.event(i + k) for k in range(BODY)) + "\n"
            connection.request("POST", "/v1/identities/sam/learn", body, head)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == 200:
                self.taught += BODY
            else:
                why = f"{answer.status} {json.loads(said).get('kind')}"
                self.refused[why] = self.refused.get(why, 0) + 1
            i += BODY
            late = began + i / self.rate - time.monotonic()
            if late > 0:
                time.sleep(late)
        self.seconds = time.monotonic() - began


def state_bytes(node):
    files = [p for p in node.dir.rglob("*") if "snap" in str(p.parent) and p.is_file()]
    return max((p.stat().st_size for p in files), default=0)


def sync_ms(root):
    """The median of 100 syncs of the same disk."""
    times, path = [], root / "sync"
    with path.open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return sorted(times)[50] * 1e3


def measure(her, root, features, moves, rate):
    here, there = Node(her, root, "here"), Node(her, root, "there")
    here.know(there)
    there.know(here)
    here.serve()
    there.serve()
    try:
        spec = json.dumps(["StandardScaler", "LogisticRegression"])
        here.run("new", "sam", "--spec", spec)
        rows = ({f"f{i + k}": k + 1 for k in range(100)} for i in range(0, features, 100))
        wide = "\n".join(json.dumps({"x": row, "y": len(row) % 2 == 0}) for row in rows)
        args = [her, "learn", "sam", "-", "--data-dir", here.dir, "--config", here.config]
        subprocess.run(args, input=wide + "\n", text=True, check=True, capture_output=True)
        here.run("snapshot", "sam")
        size = state_bytes(here)
        teacher = Teacher(here, rate, features)
        teacher.start()
        pauses, ends, place, syncs = [], {}, here, [sync_ms(root)]
        while len(pauses) < moves:
            other = there if place is here else here
            said = json.loads(
                place.run("depart", "sam", "--to", other.name, "--no-leave", "--json")
            )
            ends[said["outcome"]] = ends.get(said["outcome"], 0) + 1
            if said["outcome"] == "COMPLETED":
                pauses.append(said["figures"]["sealed_ns"] / 1e6)
                place = other
            elif sum(ends.values()) > 2 * moves:
                break
        syncs.append(sync_ms(root))
        teacher.stop.set()
        teacher.join()
    finally:
        for node in (here, there):
            node.process.terminate()
            node.process.wait()
    pauses.sort()
    at = lambda share: pauses[min(len(pauses) - 1, int(len(pauses) * share))]
    print(json.dumps({
        "state_kib": round(size / 1024, 1), "moves": len(pauses), "outcomes": ends,
        "taught_per_s": round(teacher.taught / teacher.seconds), "refused": teacher.refused,
        "sync_ms": [round(ms, 3) for ms in syncs],
        "p50_ms": round(at(0.5), 2), "p99_ms": round(at(0.99), 2), "max_ms": round(pauses[-1], 2),
    }), flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--her", required=True)
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--features", type=int, nargs="*", default=[100, 10_000])
    parser.add_argument("--dir", help="where the servers' directories lie for the time")
    args = parser.parse_args()
    for features in args.features:
        root = Path(tempfile.mkdtemp(prefix="her-moves-", dir=args.dir))
        try:
            measure(os.path.abspath(args.her), root, features, args.moves, args.rate)
        finally:
            shutil.rmtree(root, ignore_errors=True)


main()
