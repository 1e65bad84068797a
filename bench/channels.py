"""People by the thousand at one server: memory, the learner's pace, real conversations.

    python bench/channels.py --her target/release/her idle --people 10000
    python bench/channels.py --her target/release/her slow --people 200
    python bench/channels.py --her target/release/her talk --people 10000 --compress 20

`talk` replays the conversations of chitchat-dataset==0.9.0 (PyPI; SHA-256 of the wheel is below)
with their own time stamps, each speaker a person, while a machine stream learns 10,000 updates a
second. It is given as --chitchat WHEEL. One JSON line is printed for each measurement. Only
Python's own library is needed.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import datetime
from pathlib import Path

CHITCHAT = "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e"
SPEC = ["BagOfWords", "LogisticRegression"]
MASK = b"\1\2\3\4"


def masked(data):
    mask = (MASK * (len(data) // 4 + 1))[: len(data)]
    whole = int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")
    return whole.to_bytes(len(data), "big")


def frame(opcode, data):
    """A frame of a client."""
    if len(data) < 126:
        head = bytes([0x80 | opcode, 0x80 | len(data)])
    else:
        head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack(">H", len(data))
    return head + MASK + masked(data)


class Server:
    """The real binary over a directory of its own."""

    def __init__(self, her, settings):
        self.dir = Path(tempfile.mkdtemp(prefix="her-channels-"))
        self.her = her
        sets = [part for s in settings for part in ("--set", s)]
        self.env = {**os.environ, "HER_DATA_DIR": str(self.dir)}
        self.process = subprocess.Popen(
            [her, "serve", "--listen", "127.0.0.1:0", *sets], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        note = self.dir / "server.json"
        while not note.exists():
            time.sleep(0.02)
        time.sleep(0.2)
        address = json.loads(note.read_text())["url"].removeprefix("http://")
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.token = (self.dir / "token").read_text().strip()
        spec = json.dumps({"model": SPEC, "late_labels_max": 1_000_000})
        subprocess.run(
            [her, "new", "eve", "--spec", spec],
            env=self.env, check=True, stdout=subprocess.DEVNULL,
        )

    def head(self, method, path):
        return (f"{method} {path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n"
                f"authorization: Bearer {self.token}\r\n")

    def resident(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) * 1024

    def processor(self, learner=False):
        """Seconds that the server's threads, or its learner alone, had a processor."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            name = (task / "comm").read_text().strip()
            if not learner or (name.startswith("shard-") and "commit" not in name):
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def get(self, path):
        import urllib.request
        request = urllib.request.Request(f"http://{self.host}:{self.port}{path}")
        request.add_header("authorization", f"Bearer {self.token}")
        return json.loads(urllib.request.urlopen(request).read())

    def end(self):
        self.process.terminate()
        self.process.wait()

    def verify(self):
        out = subprocess.run([self.her, "verify", "eve", "--json"], env=self.env,
                             check=True, capture_output=True)
        return json.loads(out.stdout)


class Person(asyncio.Protocol):
    """One WebSocket, read without a task of its own."""

    def __init__(self, server, reads=True):
        self.server, self.reads = server, reads
        self.buffer, self.shaken, self.hello = b"", False, None
        self.ready = asyncio.get_running_loop().create_future()
        self.over = asyncio.get_running_loop().create_future()
        self.waiting, self.sent_at, self.latencies, self.refused = {}, {}, [], 0
        self.n = 0

    def connection_made(self, transport):
        self.transport = transport
        key = base64.b64encode(b"0123456789abcdef").decode()
        head = self.server.head("GET", f"/v1/identities/eve/ws{'' if self.reads else '?pulse=20'}")
        transport.write((head + "upgrade: websocket\r\nconnection: upgrade\r\n"
                         f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n").encode())

    def data_received(self, data):
        self.buffer += data
        if not self.shaken:
            if b"\r\n\r\n" not in self.buffer:
                return
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.ready.set_exception(RuntimeError(head.decode()))
                return
            self.shaken = True
            if not self.reads:
                self.transport.pause_reading()
                self.ready.set_result(None)
                return
        while len(self.buffer) >= 2:
            size, at = self.buffer[1] & 0x7F, 2
            if size == 126:
                if len(self.buffer) < 4:
                    return
                size, at = struct.unpack(">H", self.buffer[2:4])[0], 4
            if len(self.buffer) < at + size:
                return
            opcode, data = self.buffer[0] & 0x0F, self.buffer[at:at + size]
            self.buffer = self.buffer[at + size:]
            if opcode == 9:
                self.transport.write(frame(10, data))
            elif opcode in (1, 2):
                self.heard(json.loads(data))

    def heard(self, said):
        if "hello" in said:
            self.hello = said
            self.ready.set_result(None)
        elif "n" in said:
            self.latencies.append(time.perf_counter() - self.sent_at.pop(said["n"]))
            self.refused += "error" in said
            done = self.waiting.pop(said["n"], None)
            if done and not done.done():
                done.set_result(said)

    def connection_lost(self, _):
        if not self.over.done():
            self.over.set_result(None)

    def say(self, **message):
        self.n += 1
        self.sent_at[self.n] = time.perf_counter()
        self.transport.write(frame(1, json.dumps({"n": self.n, **message}).encode()))
        return self.n


async def gather(server, count, reads=True):
    """Opens so many WebSockets, some at a time."""
    loop, people, turn = asyncio.get_running_loop(), [], asyncio.Semaphore(100)

    async def one():
        async with turn:
            _, person = await loop.create_connection(
                lambda: Person(server, reads), server.host, server.port)
            await person.ready
            people.append(person)

    await asyncio.gather(*(one() for _ in range(count)))
    return people


TEXTS = ["good morning to you", "what a sad day", "i like rain and tea", "no way", "tell me more",
         "are you there", "it is late and i am tired", "yes of course i would love to"]


async def stream(server, seconds, rate=None):
    """A machine stream: as fast as it goes, or so many events a second. Gives what was answered."""
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 22)
    kind = "content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write((server.head("POST", "/v1/identities/eve/learn") + kind).encode())
    chunk = 200
    lines = "".join(
        json.dumps({"x": {"text": TEXTS[i * 7 % 8]}, "y": i * 7 % 8 % 2 == 0}) + "\n"
        for i in range(chunk)).encode()
    piece = f"{len(lines):x}\r\n".encode() + lines + b"\r\n"
    answered, begun = 0, time.perf_counter()

    async def listen():
        nonlocal answered
        mark, tail = b'{"version"', b""
        while data := await reader.read(1 << 20):
            # One that was cut between two reads counts with the second.
            answered += (tail + data).count(mark)
            tail = (tail + data)[1 - len(mark):]

    ears = asyncio.create_task(listen())
    sent = 0
    while (passed := time.perf_counter() - begun) < seconds:
        if rate and sent >= rate * passed:
            await asyncio.sleep(chunk / rate / 2)
            continue
        writer.write(piece)
        sent += chunk
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")
    # The answers end when all are told; the connection itself stays open.
    while answered < sent and time.perf_counter() - begun < seconds + 60:
        await asyncio.sleep(0.01)
    took = time.perf_counter() - begun
    ears.cancel()
    writer.close()
    return {"events": answered, "sent": sent, "wall_s": took, "events_per_s": answered / took}


async def pace(server, seconds):
    before = server.processor(learner=True)
    told = await stream(server, seconds)
    told["learner_ns_per_event"] = (server.processor(learner=True) - before) * 1e9 / told["events"]
    return told


def tell(case, **figures):
    print(json.dumps({"case": case, **figures}), flush=True)


async def idle(args):
    server = Server(args.her, ["channels.max=20000", "channels.per_ip=20000", "shards=1",
                               "limits.connections_per_ip=1000"])
    await pace(server, args.seconds)
    alone, crowded = [], []
    for round_ in range(args.rounds):
        alone.append(await pace(server, args.seconds))
        before = server.resident()
        people = await gather(server, args.people)
        await asyncio.sleep(3)
        used, begun = server.processor(), time.perf_counter()
        await asyncio.sleep(30)
        # What greeting them took is given back by now.
        each = (server.resident() - before) / args.people
        quiet = (server.processor() - used) / (time.perf_counter() - begun)
        crowded.append(await pace(server, args.seconds))
        alive = server.get("/v1/channels?limit=1")["open"]
        tell("idle", people=args.people, open=alive, bytes_each=each,
             processor_share_quiet=quiet, alone=alone[-1], crowded=crowded[-1])
        for person in people:
            person.transport.abort()
        await asyncio.sleep(2)
    alone.append(await pace(server, args.seconds))
    middle = lambda all_, key: sorted(told[key] for told in all_)[len(all_) // 2]
    tell("idle, summary", people=args.people,
         slowed_by_processor=middle(crowded, "learner_ns_per_event")
         / middle(alone, "learner_ns_per_event") - 1,
         slowed_by_wall=1 - middle(crowded, "events_per_s") / middle(alone, "events_per_s"))
    server.end()


async def rude_people(server, each):
    """So many who never read, who dribble a frame, who are silent; and the task that dribbles."""
    deaf = await gather(server, each, reads=False)
    loris = await gather(server, each, reads=False)
    silent = await gather(server, each)
    for person in loris:
        person.transport.write(bytes([0x81, 0x80 | 126, 0xEA, 0x60]) + MASK)

    async def dribble():
        while True:
            for person in loris:
                if not person.transport.is_closing():
                    person.transport.write(b"x")
            await asyncio.sleep(0.5)

    return deaf + loris + silent, asyncio.create_task(dribble())


async def slow(args):
    """People who never read, who dribble, who are silent: how long until all are gone."""
    server = Server(args.her, ["channels.per_ip=20000", "channels.ping_s=5", "channels.park_s=20",
                               "limits.connections_per_ip=2000", "shards=1"])
    await pace(server, args.seconds)
    alone = await pace(server, args.seconds)
    begun = time.perf_counter()
    people, dribbles = await rude_people(server, args.people)
    crowded = await pace(server, args.seconds)
    while server.get("/v1/channels?limit=1")["open"]:
        await asyncio.sleep(0.2)
    took = time.perf_counter() - begun
    dribbles.cancel()
    text = server.get("/v1/channels?limit=1")["server"]
    tell("slow", each=args.people, gone_after_s=took, ping_s=5, park_s=20, alone=alone,
         crowded=crowded, server=text,
         slowed_by_processor=crowded["learner_ns_per_event"] / alone["learner_ns_per_event"] - 1)
    del people
    server.end()


def conversations(wheel):
    """Each speaker's utterances: (seconds since the conversation began, text, answered soon)."""
    data = Path(wheel).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != CHITCHAT:
        sys.exit(f"{wheel} has SHA-256 {found}, wanted is {CHITCHAT}")
    with zipfile.ZipFile(wheel) as archive:
        all_ = json.loads(archive.read("chitchat_dataset/dataset.json"))
    for talk in all_.values():
        said = [(datetime.fromisoformat(m["timestamp"].replace("Z", "+00:00")).timestamp(),
                 m["sender"], m["text"]) for turn in talk["messages"] for m in turn]
        said.sort(key=lambda s: s[0])
        for sender in sorted({s[1] for s in said}):
            own = []
            for at, who, text in said:
                if who == sender:
                    soon = any(w != sender and at <= t <= at + 20 for t, w, _ in said)
                    own.append((at - said[0][0], text[:2000], soon))
            yield own


async def talk(args):
    people_say = list(conversations(args.chitchat))
    random.Random(7).shuffle(people_say)
    people_say = people_say[: args.people]
    server = Server(args.her, ["channels.max=20000", "channels.per_ip=20000", "shards=1",
                               "limits.connections_per_ip=1000", "channels.messages_per_s=1000",
                               "channels.messages_burst=1000", "channels.kib_per_s=1000"])
    people = await gather(server, len(people_say))
    machine = asyncio.create_task(stream(server, args.seconds, rate=args.rate))
    begun, late = time.perf_counter(), []

    async def speak(person, own, starts):
        for at, text, soon in own:
            due = begun + starts + at / args.compress
            if due - begun > args.seconds:
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late.append(time.perf_counter() - due)
            asked = person.say(say=text)
            person.waiting[asked] = asyncio.get_running_loop().create_future()
            await person.waiting[asked]
            person.say(of=asked, y=soon)

    draw = random.Random(3)
    spread = args.seconds / 2
    await asyncio.gather(*(speak(p, own, draw.uniform(0, spread))
                           for p, own in zip(people, people_say)))
    told = await machine
    while any(p.sent_at for p in people):
        await asyncio.sleep(0.05)
    latencies = sorted(x for p in people for x in p.latencies)
    at = lambda q: latencies[min(len(latencies) - 1, int(q * len(latencies)))] * 1e3
    channels = server.get("/v1/channels?limit=1")
    server.end()
    proof = server.verify()
    sent = sum(p.n for p in people)
    tell("talk", people=len(people), compress=args.compress, messages=sent,
         answers=len(latencies), refused=sum(p.refused for p in people),
         p50_ms=at(0.5), p99_ms=at(0.99), worst_ms=at(1), machine=told,
         generator_late_p99_ms=sorted(late)[int(0.99 * len(late))] * 1e3,
         version=proof["version"],
         expected=1 + told["sent"] + sent - sum(p.refused for p in people),
         wait_s=channels["server"]["wait_s"], words=channels["server"]["words"])
    shutil.rmtree(server.dir)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=["idle", "slow", "talk"])
    parser.add_argument("--her", required=True)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--compress", type=float, default=1)
    parser.add_argument("--chitchat")
    args = parser.parse_args()
    asyncio.run({"idle": idle, "slow": slow, "talk": talk}[args.case](args))


if __name__ == "__main__":
    main()
