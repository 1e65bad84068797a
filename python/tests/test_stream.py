"""Streams give the events that they should, in River's order."""

import datetime as dt
import gzip
import io
import sys

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


def test_arff_with_quotes_comments_and_missing_values():
    text = (
        "% about\n@RELATION r\n@ATTRIBUTE 'full name' string\n@attribute n REAL\n"
        "@attribute c {x,y}\n\n@DATA\n% more\n'Ford, Henry',1.5,x\n\nAnna,?,y\n"
    )
    rows = list(stream.iter_arff(io.StringIO(text), target="c"))
    assert rows == [({"full name": "Ford, Henry", "n": 1.5}, "x"), ({"full name": "Anna"}, "y")]
    sparse = "@attribute a numeric\n@attribute b {0,1}\n@data\n{0 2, 1 1}\n{}\n"
    rows = list(stream.iter_arff(io.StringIO(sparse), target=["b"], sparse=True))
    assert rows == [({"a": "2"}, {"b": "1"}), ({}, {"b": 0})]
    with pytest.raises(OSError if "scipy.io.arff" in sys.modules else ValueError, match="bogus"):
        next(stream.iter_arff(io.StringIO("@attribute a bogus\n@data\n1\n")))


def test_libsvm_with_empty_lines():
    text = "1 a:2  b:.5\n\n# nothing\n-1\n"
    assert list(stream.iter_libsvm(io.StringIO(text))) == [({"a": 2.0, "b": 0.5}, 1.0), ({}, -1.0)]


def test_frames_of_any_library():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    pytest.importorskip("narwhals")
    columns = {"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]}
    want = [({"a": 1, "b": 0.5}, "x"), ({"a": 2, "b": 1.5}, "y"), ({"a": 3, "b": 2.5}, "z")]
    frame, y = pd.DataFrame(columns), pd.Series(list("xyz"))
    for kind in (frame, frame.convert_dtypes()):
        rows = list(stream.iter_frame(kind, y))
        assert rows == want and type(rows[0][0]["a"]) is int
    polars = stream.iter_frame(pl.DataFrame(columns), pl.Series(list("xyz")), shuffle=True, seed=1)
    assert [x["a"] for x, _ in polars] == [2, 3, 1]
    with pytest.raises(TypeError, match="eager"):
        next(stream.iter_frame(pl.LazyFrame(columns)))


def test_a_stream_is_kept_when_it_was_whole(tmp_path):
    cache = stream.Cache(tmp_path)
    rows = cache(iter([1, 2, 3]), key="a")
    assert next(rows) == 1
    rows.close()
    assert cache.keys == set() and not list(tmp_path.iterdir())
    assert list(cache(iter([1, 2]), key="a")) == list(stream.Cache(tmp_path)["a"]) == [1, 2]
    assert repr(cache) == f"{tmp_path}\na - 10 B"
    with pytest.raises(ValueError, match="give a key"):
        next(cache(x for x in [1]))
    cache.clear_all()
    assert not list(tmp_path.iterdir())
