"""Houses opened here and servers reached: one identity, the same answers."""

from __future__ import annotations

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import typing

import pytest

import heraclitus
from heraclitus import compose, linear_model, naive_bayes, preprocessing


def binary() -> str:
    found = os.environ.get("HER_BIN")
    if not found or not os.access(found, os.X_OK):
        pytest.fail("set HER_BIN to a built `her`: cargo build -p her; HER_BIN=target/debug/her")
    return found


class Server:
    """`her serve` over a directory, on the port it had before."""

    def __init__(self, folder: pathlib.Path, *settings: str) -> None:
        self.folder, self.port, self.settings = folder, 0, settings
        self.start()

    def start(self) -> None:
        command = [binary(), "serve", "--data-dir", str(self.folder)]
        for setting in (f"listen=127.0.0.1:{self.port}", *self.settings):
            command += ["--set", setting]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(r"https?://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            pytest.fail("her serve ended before it listened")
        # What it writes later must not fill the pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(tmp_path: pathlib.Path) -> typing.Iterator[Server]:
    made = Server(tmp_path / "served")
    yield made
    made.kill()


@pytest.fixture(params=["open", "connect"])
def house(
    request: pytest.FixtureRequest, tmp_path: pathlib.Path
) -> typing.Iterator[typing.Any]:
    if request.param == "open":
        with heraclitus.open(tmp_path / "house", shards=1) as opened:
            yield opened
        return
    server = request.getfixturevalue("server")
    with heraclitus.connect(server.url, server.token) as connected:
        yield connected


def certificate(folder: pathlib.Path, name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A certificate for this machine and its key, as docs/guide/server.md makes them."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
    added = ["subjectAltName=DNS:localhost", "basicConstraints=critical,CA:FALSE"]
    command = ["openssl", *options.split(), "-keyout", str(key), "-out", str(cert)]
    for more in added:
        command += ["-addext", more]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_server_of_https_is_believed_by_the_certificates_that_are_given(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path, "own")
    other, _ = certificate(tmp_path, "other")
    server = Server(tmp_path / "served", f"tls.cert_file={cert}", f"tls.key_file={key}")
    url = f"https://localhost:{server.port}"
    try:
        with heraclitus.connect(url, server.token, ca=cert) as house:
            sam = house.create("sam", model())
            sam.learn_one({"a": 1.0}, True)
            assert sam.version == 2
        monkeypatch.setenv("HER_CA", str(cert))
        with heraclitus.connect(url, server.token) as house:
            assert house.names() == ["sam"]
        with pytest.raises(heraclitus.HouseError):
            heraclitus.connect(url, server.token, ca=other, retry_s=0)
        with pytest.raises(heraclitus.HouseError, match="reading the certificates of"):
            heraclitus.connect(url, server.token, ca=tmp_path / "nowhere.pem")
        with pytest.raises(heraclitus.HouseError, match="holds no certificate"):
            heraclitus.connect(url, server.token, ca=key)
    finally:
        server.kill()


def model() -> typing.Any:
    return preprocessing.StandardScaler() | linear_model.LogisticRegression()


def events(count: int, seed: int = 1) -> list[tuple[dict, bool]]:
    rng = random.Random(seed)
    xs = ({"a": rng.gauss(0, 1), "b": rng.gauss(3, 2)} for _ in range(count))
    return [(x, x["a"] + 0.3 * x["b"] > 1) for x in xs]


def test_an_identity_goes_on_where_the_house_was_closed(tmp_path: pathlib.Path) -> None:
    stream, plain = events(50), model()
    with heraclitus.open(tmp_path) as house:
        sam = house.create("sam", model())
        for x, y in stream:
            sam.learn_one(x, y)
            plain.learn_one(x, y)
        version, proba = sam.version, sam.predict_proba_one(stream[0][0])
    assert proba == plain.predict_proba_one(stream[0][0])
    with heraclitus.open(tmp_path) as house:
        sam = house.identity("sam")
        assert (sam.version, sam.predict_proba_one(stream[0][0])) == (version, proba)
        assert house.names() == ["sam"] and "sam" in house
        with pytest.raises(heraclitus.HouseError, match="in use by another"):
            heraclitus.open(tmp_path)
    assert house.closed
    with pytest.raises(ValueError, match="closed"):
        sam.predict_one({})


def test_both_doors_answer_as_the_model_does(house: typing.Any) -> None:
    stream, plain = events(700), model()
    sam = house.create("sam", model())
    born = sam.version
    xs, ys = [x for x, _ in stream], [y for _, y in stream]
    sam.learn_many(xs, ys)
    for x, y in stream:
        plain.learn_one(x, y)
    assert sam.version == born + 700
    assert sam.predict_many(xs[:20]) == [plain.predict_one(x) for x in xs[:20]]
    assert sam.predict_proba_many(xs[:20]) == [plain.predict_proba_one(x) for x in xs[:20]]
    then = sam.at(born + 100)
    young = model()
    for x, y in stream[:100]:
        young.learn_one(x, y)
    assert then.predict_proba_one(xs[0]) == young.predict_proba_one(xs[0])
    assert then.version == born + 100 and not hasattr(then, "learn_one")
    twin = sam.fork("twin", born + 100)
    assert twin.predict_proba_one(xs[0]) == young.predict_proba_one(xs[0])
    assert sam.verify()["verified"]
    assert sam.tag("good") == born + 700
    assert sam.log(start=born + 1, limit=1)[0]["y"] == ys[0]
    sam.rewind(born + 100)
    assert sam.predict_proba_one(xs[0]) == young.predict_proba_one(xs[0])
    before = sam.version
    sam.learn_one(xs[0], ys[0])
    assert sam.forget(before + 1, dry_run=True)["struck"] == 1
    told = sam.forget(before + 1, erase=True)
    assert (told["struck"], told["version"], sam.version) == (1, before, before)
    assert "segment files" in told["left"][0]
    sam.freeze()
    with pytest.raises(heraclitus.HouseError) as raised:
        sam.learn_one(xs[0], True)
    assert raised.value.kind == "frozen"


def test_a_label_may_come_later(house: typing.Any) -> None:
    sam = house.create("sam", model())
    sam.predict_one({"a": 1.0}, id="order-1")
    before = sam.figures["learned"]
    sam.label("order-1", True)
    assert sam.figures["learned"] == before + 1
    with pytest.raises(LookupError, match="order-1"):
        sam.label("order-1", True)
    with pytest.raises(LookupError, match="nobody"):
        sam.label("nobody", True)


def test_classes_come_back_as_they_went(house: typing.Any) -> None:
    sam = house.create("sam", naive_bayes.GaussianNB())
    sam.learn_many([({"a": i % 3 + i / 99}, f"c{i % 3}") for i in range(30)])
    assert sam.predict_one({"a": 2.0}) == "c2"
    assert set(sam.predict_proba_one({"a": 2.0})) == {"c0", "c1", "c2"}


def test_a_refused_event_is_named_and_changes_nothing(house: typing.Any) -> None:
    sam = house.create("sam", model())
    good = ({"a": 1.0}, True)
    with pytest.raises(ValueError, match=r"feature \"a\"") as raised:
        sam.learn_many([good, ({"a": [1]}, True), good])
    assert "event 1 of" in raised.value.__notes__[0]
    version = sam.version
    told = []
    sam.learn_many([good, good, ({"a": 1.0}, [])], refused=lambda i, e: told.append((i, e.kind)))
    assert told == [(2, "invalid")] and sam.version == version + 2
    with pytest.raises(ValueError, match="not finite"):
        sam.learn_one({"a": float("nan")}, True)
    with pytest.raises(LookupError, match="nobody"):
        house.identity("nobody")
    with pytest.raises(ValueError, match="sam"):
        house.create("sam", model())


def test_what_came_before_an_error_is_learned(house: typing.Any) -> None:
    sam = house.create("sam", model())

    def broken() -> typing.Iterator[tuple[dict, bool]]:
        yield from events(10)
        raise RuntimeError("the sensor is gone")

    with pytest.raises(RuntimeError, match="sensor"):
        sam.learn_many(broken())
    assert sam.figures["learned"] == 10

    def slow() -> typing.Iterator[tuple[dict, bool]]:
        yield from events(2)
        time.sleep(0.6)
        yield from events(1)
        assert sam.figures["learned"] == 13
        yield from events(1)

    sam.learn_many(slow())
    assert sam.figures["learned"] == 14


def half(x: dict) -> dict:
    return {k: v / 2 for k, v in x.items()}


def test_what_is_no_data_is_refused_by_name(house: typing.Any) -> None:
    with pytest.raises(TypeError, match="half"):
        house.create("sam", compose.FuncTransformer(half) | linear_model.LogisticRegression())
    odd = naive_bayes.GaussianNB()
    odd.learn_one({"a": 1.0}, (1, 2))
    with pytest.raises(TypeError, match="a file holds classes that are bool, int or str"):
        house.create("sam", odd)
    large = compose.Pipeline(model())
    for i in range(8_000):
        large.learn_one({f"feature {i}": 1.0}, True)
    with pytest.raises(ValueError, match="at most 262144 are taken over at birth"):
        house.create("sam", large)
    fresh = large.clone()
    fresh.predict_one({"a": 1.0})
    house.create("sam", fresh)


def test_a_model_that_has_learned_goes_on_in_a_house_and_comes_back(house: typing.Any) -> None:
    alone = model()
    for x, y in events(150)[:100]:
        alone.learn_one(x, y)
    sam = house.identity("sam", alone, names_max=1000)
    again = house.identity("sam", model())
    for x, y in events(150)[100:]:
        assert sam.predict_proba_one(x) == alone.predict_proba_one(x)
        sam.learn_one(x, y)
        alone.learn_one(x, y)
    assert again.version == sam.version == 51
    assert sam.verify()["verified"]
    assert "bytes" in sam.log(limit=1)[0]["spec"]["state"]
    copy, young = sam.model(), sam.at(1).model()
    assert type(copy) is type(alone) and repr(copy) == repr(alone)
    assert copy.predict_proba_one(x) == alone.predict_proba_one(x) != young.predict_proba_one(x)
    copy.learn_one(x, not y)
    assert sam.predict_proba_one(x) == alone.predict_proba_one(x) != copy.predict_proba_one(x)
    theirs = heraclitus.to_river(sam)
    assert type(theirs).__module__.startswith("river.")
    assert theirs.predict_proba_one(x) == pytest.approx(sam.predict_proba_one(x), abs=1e-12)
    assert house.identity("ann", heraclitus.from_river(theirs)).predict_one(x) == sam.predict_one(x)
    with pytest.raises(LookupError, match="no identity"):
        house.identity("nobody")


def test_what_needs_no_target_learns_without(house: typing.Any) -> None:
    from heraclitus import anomaly

    eye = house.create("eye", anomaly.HalfSpaceTrees(seed=1, window_size=5))
    for i in range(30):
        eye.learn_one({"a": i % 7 / 7})
    assert 0.0 <= eye.score_one({"a": 0.5}) <= 1.0
    with pytest.raises(ValueError, match="no label"):
        house.create("sam", model()).learn_one({"a": 1.0})


def test_an_identity_is_evaluated_as_any_model_is(house: typing.Any) -> None:
    from heraclitus import evaluate, metrics

    sam = house.create("sam", model())
    got = evaluate.progressive_val_score(events(60), sam, metrics.Accuracy())
    want = evaluate.progressive_val_score(events(60), model(), metrics.Accuracy())
    assert got.get() == want.get()


def test_frames_go_in_and_columns_come_out(house: typing.Any) -> None:
    pd = pytest.importorskip("pandas")
    stream = events(40)
    X, y = pd.DataFrame([x for x, _ in stream]), pd.Series([y for _, y in stream])
    sam = house.create("sam", model())
    sam.learn_many(X, y)
    assert list(sam.predict_many(X)) == [sam.predict_one(x) for x, _ in stream]
    assert set(sam.predict_proba_many(X).columns) == {False, True}


def test_a_stream_tells_what_was_refused_and_goes_on(house: typing.Any) -> None:
    sam = house.create("sam", model())
    with sam.stream() as stream:
        for x, y in events(20):
            stream.learn_one(x, y)
        assert stream.predict_proba_one(x) == sam.predict_proba_one(x)
        assert (stream.acknowledged, sam.version) == (20, 21)
        stream.learn_one(x, "no class of a binary model")
        with pytest.raises(ValueError, match="binary") as refused:
            stream.flush()
        assert refused.value.__notes__ == ["event 20 of this stream, counted from 0"]
        with pytest.raises(ValueError, match="not finite"):
            stream.learn_one({"a": float("nan")}, True)
        stream.learn_one(x, y)
    assert sam.version == 22
    with pytest.raises(ValueError, match="closed"):
        stream.learn_one(x, y)
    places = []
    with sam.stream(refused=lambda place, error: places.append((place, error.kind))) as stream:
        for target in (True, "a", False, "b"):
            stream.learn_one(x, target)
    assert places == [(1, "invalid"), (3, "invalid")] and sam.version == 24
    with pytest.raises(KeyError, match="mine"), sam.stream() as stream:
        stream.learn_one(x, "a")
        raise KeyError("mine")


def test_a_stream_whose_server_stays_away_says_how_much_is_not_known(server: Server) -> None:
    with heraclitus.connect(server.url, server.token, retry_s=0.2) as house:
        sam = house.create("sam", model())
        with pytest.raises(ConnectionError) as away, sam.stream() as stream:
            stream.learn_one({"a": 1.0}, True)
            stream.flush()
            server.kill()
            for x, y in events(5_000):
                stream.learn_one(x, y)
        assert "are not known to be durable" in away.value.__notes__[-1]


@pytest.mark.parametrize("way", ["learn_many", "stream"])
def test_a_server_that_is_killed_in_a_stream_learns_every_event_once(
    server: Server, way: str
) -> None:
    stream, plain = events(30_000), model()
    with heraclitus.connect(server.url, server.token) as house:
        sam = house.create("sam", model())
        born = sam.version
        kills: list[threading.Thread] = []
        one = threading.Lock()

        def taken() -> typing.Iterator[tuple[dict, bool]]:
            for i, event in enumerate(stream):
                if i in (6_000, 15_000, 24_000):
                    kills.append(threading.Thread(target=crash))
                    kills[-1].start()
                yield event

        def crash() -> None:
            with one:
                server.kill()
                server.start()

        if way == "learn_many":
            sam.learn_many(taken())
        else:
            with sam.stream() as learning:
                for x, y in taken():
                    learning.learn_one(x, y)
            assert learning.acknowledged == len(stream)
        for thread in kills:
            thread.join()
        assert len(kills) == 3
        for x, y in stream:
            plain.learn_one(x, y)
        assert sam.version == born + len(stream)
        assert sam.figures["learned"] == len(stream)
        assert sam.predict_proba_one(stream[0][0]) == plain.predict_proba_one(stream[0][0])
        # One event at a time is as safe.
        server.kill()
        thread = threading.Timer(0.3, server.start)
        thread.start()
        sam.learn_one(*stream[0])
        thread.join()
        assert sam.version == born + len(stream) + 1


def test_an_answer_that_is_lost_is_asked_for_again(server: Server) -> None:
    with heraclitus.connect(server.url, server.token) as house:
        sam = house.create("sam", model())
        house._door = Deaf(house._door)
        sam.learn_one({"a": 1.0}, True)
        sam.learn_many([({"a": 1.0}, True)] * 600)
        assert sam.predict_one({"a": 1.0}, id="order") is True
        sam.label("order", True)
        sam.predict_many([{"a": 1.0}])
        assert house._door.lost >= 6
        assert sam.figures["learned"] == 602


class Deaf:
    """A door whose first answer to each request is lost on the way, after it was done."""

    def __init__(self, door: typing.Any) -> None:
        self._door, self.lost, self._asked = door, 0, None

    def __getattr__(self, name: str) -> typing.Any:
        call = getattr(self._door, name)

        def ask(*args: typing.Any) -> typing.Any:
            answer = call(*args)
            if name != "close" and self._asked != (name, args):
                self._asked, self.lost = (name, args), self.lost + 1
                raise heraclitus._native.HouseRefusal("the answer is lost", "unreachable")
            return answer

        return ask


def test_threads_learn_side_by_side(house: typing.Any) -> None:
    sam = house.create("sam", model())
    threads = [
        threading.Thread(target=lambda: [sam.learn_one(x, y) for x, y in events(50, seed)])
        for seed in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sam.figures["learned"] == 400 and sam.verify()["verified"]


def test_a_server_says_why(server: Server) -> None:
    with pytest.raises(PermissionError, match="token"):
        heraclitus.connect(server.url, "another")
    with pytest.raises(heraclitus.HouseError, match="heraclitus.connect"):
        heraclitus.open(server.folder)
    url = server.url
    server.kill()
    with pytest.raises(ConnectionError, match="gives no answer"):
        heraclitus.connect(url, "any", retry_s=0.2)
