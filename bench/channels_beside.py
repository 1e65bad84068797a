"""The same people at `her` and at FastAPI + River, in one run.

    python bench/channels_beside.py --her target/release/her \
        --python target/venv-peers/bin/python --people 10000 --rude 200

First so many idle people: memory of each, and the machine stream alone and beside them. Then those
who never read, who dribble a frame and who are silent, so many of each: how many are still held
after the stated time. One JSON line is printed for each measurement. The server of the peer is
`served_people.py`; this program itself needs only Python's own library.
"""

import argparse
import asyncio
import resource
import subprocess
import threading
import time
from pathlib import Path

from channels import Server, gather, rude_people, stream, tell

PING_S, PARK_S = 5, 20


class Peer(Server):
    """FastAPI and River in a process of its own."""

    def __init__(self, python, *pings):
        file = Path(__file__).with_name("served_people.py")
        self.process = subprocess.Popen([python, file, *map(str, pings)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on"):
                break
        else:
            raise RuntimeError("the peer ended before it listened")
        # What it says later must not fill the pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.host, port = line.strip().rsplit("/", 1)[1].rsplit(":", 1)
        self.port, self.token = int(port), "none"

    def end(self):
        # Asked politely, uvicorn waits for those who never read.
        self.process.kill()
        self.process.wait()


def still_open(server):
    return server.get("/v1/channels?limit=1")["open"]


async def idle(who, server, args):
    await stream(server, args.seconds)
    alone = await stream(server, args.seconds)
    before = server.resident()
    begun = time.perf_counter()
    people = await gather(server, args.people)
    took = time.perf_counter() - begun
    await asyncio.sleep(3)
    each = (server.resident() - before) / args.people
    held = still_open(server)
    crowded = await stream(server, args.seconds)
    tell("idle", who=who, people=args.people, open=held, came_in_s=took, bytes_each=each,
         alone_per_s=alone["events_per_s"], crowded_per_s=crowded["events_per_s"],
         slowed=1 - crowded["events_per_s"] / alone["events_per_s"])
    for person in people:
        person.transport.abort()
    server.end()


async def rude(who, server, args):
    await stream(server, args.seconds)
    alone = await stream(server, args.seconds)
    before, begun = server.resident(), time.perf_counter()
    people, dribbles = await rude_people(server, args.rude)
    crowded = await stream(server, args.seconds)
    gone = None
    while (passed := time.perf_counter() - begun) < args.patience:
        if (held := still_open(server)) == 0:
            gone = passed
            break
        await asyncio.sleep(0.2)
    tell("rude", who=who, each=args.rude, ping_s=PING_S, park_s=PARK_S, held=held,
         after_s=time.perf_counter() - begun, gone_after_s=gone,
         grown_bytes=server.resident() - before,
         alone_per_s=alone["events_per_s"], crowded_per_s=crowded["events_per_s"],
         slowed=1 - crowded["events_per_s"] / alone["events_per_s"])
    dribbles.cancel()
    for person in people:
        person.transport.abort()
    server.end()


async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--her", required=True)
    parser.add_argument("--python", required=True, help="a Python with FastAPI and River")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rude", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--patience", type=float, default=30)
    args = parser.parse_args()
    many = ["channels.max=20000", "channels.per_ip=20000", "shards=1",
            "limits.connections_per_ip=2000"]
    await idle("her", Server(args.her, many), args)
    await idle("fastapi + river", Peer(args.python), args)
    short = [*many, f"channels.ping_s={PING_S}", f"channels.park_s={PARK_S}"]
    await rude("her", Server(args.her, short), args)
    await rude("fastapi + river", Peer(args.python, PING_S, PARK_S), args)


if __name__ == "__main__":
    asyncio.run(main())
