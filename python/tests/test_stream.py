"""Streams give the events that they should, in River's order."""

import datetime as dt
import gzip
import io

import pytest

from heraclitus import stream

ROWS = "a,when,y\n1,2026-01-02,3\n4,2026-01-03,6\n7,2026-01-04,9\n"


def test_csv_from_a_compressed_file(tmp_path):
    path = tmp_path / "rows.csv.gz"
    with gzip.open(path, "wt") as f:
        f.write(ROWS)
    options = {"converters": {"a": int, "y": float}, "parse_dates": {"when": "%Y-%m-%d"}}
    rows = list(stream.iter_csv(path, target="y", **options))
    assert rows[0] == ({"a": 1, "when": dt.datetime(2026, 1, 2)}, 3.0)
    assert [y for _, y in rows] == [3.0, 6.0, 9.0]
    dropped = list(stream.iter_csv(str(path), target=["a", "y"], drop=["when"]))
    assert dropped[2] == ({}, {"a": "7", "y": "9"})


def test_csv_refuses_by_name(tmp_path):
    with pytest.raises(ValueError, match="fraction is 2"):
        next(stream.iter_csv(tmp_path / "none.csv", fraction=2))
    with pytest.raises(ValueError, match="compression is 'rar'"):
        next(stream.iter_csv(tmp_path / "none.csv", compression="rar"))
    with pytest.raises(FileNotFoundError):
        next(stream.iter_csv(tmp_path / "none.csv"))


def test_random_choices_are_those_of_river():
    # What River 0.26.1 gives for the same calls.
    want = [2, 0, 4, 3, 1, 5, 8, 9, 6, 10, 11, 13, 7, 12, 14]
    assert list(stream.shuffle(range(15), buffer_size=3, seed=42)) == want
    rows = stream.iter_array([[0, 1], [2, 3], [4, 5]], [0, 1, 2], shuffle=True, seed=1)
    assert [x for x, _ in rows] == [{0: 0, 1: 1}, {0: 4, 1: 5}, {0: 2, 1: 3}]
    text = "a\n" + "\n".join(map(str, range(12))) + "\n"
    kept = stream.iter_csv(io.StringIO(text), fraction=0.5, seed=7)
    assert [x["a"] for x, _ in kept] == ["0", "1", "3", "5", "6", "8", "9", "10", "11"]


def test_answers_come_when_they_are_due():
    events = [({"t": 0, "d": 5}, "a"), ({"t": 1, "d": 1}, "b"), ({"t": 9, "d": 0}, "c")]
    got = list(stream.simulate_qa(events, moment="t", delay="d"))
    order = [(i, y) for i, _, y in got]
    assert order == [(0, None), (1, None), (1, "b"), (0, "a"), (2, None), (2, "c")]
    at_once = [(i, y) for i, _, y in stream.simulate_qa(events, None, None)]
    assert at_once == [(0, None), (0, "a"), (1, None), (1, "b"), (2, None), (2, "c")]
    question, answer = list(stream.simulate_qa([({"t": [1]}, 2, {"w": 3})], None, None))
    assert question[1]["t"] is not answer[1]["t"] and answer[2:] == (2, {"w": 3})


def test_arrays_must_fit():
    with pytest.raises(ValueError, match="X has 2 rows and y has 1"):
        next(stream.iter_array([[1], [2]], [3]))
