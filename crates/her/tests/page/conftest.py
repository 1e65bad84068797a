"""A house with a life in it, served by the real binary, and a browser to look at it."""

from __future__ import annotations

import json
import math
import os
import pathlib
import random
import subprocess
import time
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("HER_CHROMIUM", "/usr/bin/chromium")
SHOTS = pathlib.Path(os.environ.get("HER_PAGE_SHOTS", "target/page"))


GATES = """
[gate.departure]
identities = "samantha"
when = "io_wait_ratio > 1000.0 && update_rate >= 5000.0 && tier < max_tier && lag < 100"
clear = "io_wait_ratio < 500.0"
do = { migrate = { to = "tier+1" } }

[gate.copy]
identities = "samantha"
when = "version > 100"
mode = "ask"
do = { fork = { name = "copy" } }
"""


class House:
    """A running `her serve`."""

    def __init__(self, folder: pathlib.Path, *settings: str):
        self.folder = folder
        said = open(folder.parent / "serve.log", "wb")
        arguments = [os.environ["HER_BIN"], "serve", "--data-dir", str(folder)]
        rules = folder.parent / "gates.toml"
        rules.write_text(GATES)
        arguments += ["--config", str(rules)]
        arguments += ["--listen", "127.0.0.1:0", "--set", "shards=1", "--set", "segment_mib=1"]
        for setting in settings:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stdout=said, stderr=said)
        file = folder / "server.json"
        for _ in range(600):
            if file.exists():
                break
            if self.process.poll() is not None:
                log = (folder.parent / "serve.log").read_text()
                raise RuntimeError("`her serve` ended: " + log)
            time.sleep(0.1)
        self.url = json.loads(file.read_text())["url"]
        self.token = (folder / "token").read_text().strip()

    def ask(self, method: str, path: str, body: object = None, kind: str = "application/json"):
        """One request with the token; what it answers, as JSON or lines of it."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("authorization", "Bearer " + self.token)
        if data is not None:
            request.add_header("content-type", kind)
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read().decode()
        if kind == "application/x-ndjson":
            return [json.loads(line) for line in text.splitlines()]
        return json.loads(text)

    def learn(self, name: str, events: list[dict]) -> None:
        """Events as one stream; every one must be taken."""
        for start in range(0, len(events), 200):
            lines = "".join(json.dumps(e) + "\n" for e in events[start : start + 200]).encode()
            path = f"/v1/identities/{name}/learn"
            for answer in self.ask("POST", path, lines, "application/x-ndjson"):
                assert "error" not in answer, answer

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def drifting(n: int, seed: int) -> list[dict]:
    """Events whose rule turns round in the middle."""
    lot = random.Random(seed)
    events = []
    for i in range(n):
        x = {f"f{k}": round(lot.gauss(0, 1), 4) for k in range(6)}
        x["hour"] = lot.randrange(24)
        sign = 1 if i < n / 2 else -1
        score = sign * (1.5 * x["f0"] - 1.1 * x["f1"]) + 0.4 * x["f2"] + lot.gauss(0, 0.5)
        events.append({"x": x, "y": score > 0})
    return events


def numbers(n: int, seed: int) -> list[dict]:
    """A number to regress on, which swings."""
    lot = random.Random(seed)
    events = []
    for i in range(n):
        x = {"temperature": round(lot.gauss(15, 6), 2), "wind": round(lot.random() * 12, 2)}
        y = 2 * x["temperature"] - x["wind"] + 8 * math.sin(i / 150) + lot.gauss(0, 1)
        events.append({"x": x, "y": round(y, 3)})
    return events


def twins(here: House, there: House) -> None:
    """One of each house, who exchange what they learn; this one begins."""
    for house in (here, there):
        house.ask("PUT", "/v1/identities/twin", ["StandardScaler", "LogisticRegression"])
    peers = "/v1/identities/twin/peers"
    url = there.ask("GET", peers)["url"] + "/twin"
    agreed = here.ask("POST", peers, {"peer": url, "as": "there"})
    there.ask("POST", peers, {"peer": agreed["there"].split()[-1], "as": "here"})
    there.learn("twin", drifting(1000, 11)[:400])
    for seed in range(12, 17):
        here.learn("twin", drifting(200, seed)[:40])
        here.ask("POST", "/v1/identities/twin/sync", {})


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """Lives: one that drifted and was rewound, of numbers, a frozen, a new one, and a twin's."""
    house = House(tmp_path_factory.mktemp("house") / "data")
    linear = ["StandardScaler", "LogisticRegression"]
    house.ask("PUT", "/v1/identities/samantha", {"model": linear, "shadow_after": 400})
    house.ask("PUT", "/v1/identities/rain", ["StandardScaler", "LinearRegression"])
    house.ask("PUT", "/v1/identities/iris", {"model": linear, "shadow_after": 50})
    house.ask("PUT", "/v1/identities/newborn", linear)
    events = drifting(6000, 7)
    house.learn("samantha", events[:2000])
    house.ask("POST", "/v1/identities/samantha/tag", {"tag": "before-the-storm", "version": 1500})
    house.ask("POST", "/v1/identities/samantha/rewind", {"version": 1801})
    house.learn("samantha", events[1800:])
    house.learn("rain", numbers(1500, 3))
    house.learn("iris", drifting(300, 5))
    house.ask("POST", "/v1/identities/iris/freeze")
    other = House(tmp_path_factory.mktemp("other") / "data", "node.listen=127.0.0.1:0")
    twins(house, other)
    yield house
    other.stop()
    house.stop()


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    with sync_playwright() as playwright:
        # No sandbox: tests run as root in CI, where Chromium refuses to make one.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


class Look:
    """One browser window that is logged in and remembers what went wrong."""

    def __init__(self, browser, house: House, scripts: bool, **options):
        self.house, self.scripts = house, scripts
        self.context = browser.new_context(
            base_url=house.url, java_script_enabled=scripts, **options
        )
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("pageerror", lambda e: self.wrong.append(f"error: {e}"))
        self.page.on(
            "console",
            lambda m: self.wrong.append(f"{m.type}: {m.text}")
            if m.type in ("error", "warning")
            else None,
        )
        self.context.on(
            "request",
            lambda r: None if r.url.startswith(house.url) else self.elsewhere.append(r.url),
        )

    def log_in(self) -> None:
        """By a link with the token; without scripts by the form."""
        if self.scripts:
            self.page.goto("/ui#token=" + self.house.token)
        else:
            self.page.goto("/ui")
            self.page.fill("#token", self.house.token)
            self.page.click("button[type=submit]")
        self.page.wait_for_url(self.house.url + "/ui")


@pytest.fixture
def look(browser, house):
    """Makes windows, and asks at the end of each that nothing went wrong in it."""
    windows = []

    def make(scripts: bool = True, **options) -> Look:
        window = Look(browser, house, scripts, **options)
        windows.append(window)
        window.log_in()
        return window

    yield make
    for window in windows:
        window.context.close()
        assert window.wrong == []
        assert window.elsewhere == []
