"""Turn the pinned archives into the streams that tests, the demo and the recorder read.

Standard library only, so that it runs before any virtual environment exists:
    python3 streams.py --river river.whl --vader vader.zip --out target/data
The column types are those of River's own readers (river/datasets/*.py).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

Event = tuple[dict[str, float | int], bool | float | str]
PHISHING_INTEGERS = {"age_of_domain", "ip_in_url"}
SEGMENT_INTEGERS = {"region-centroid-col", "region-centroid-row"}
TRUMP_INTEGERS = {"ordinal_date"}
TWEETS = "hutto_ICWSM_2014/tweets_GroundTruth.txt"


def read_csv(text: str, target: str, integers: set[str]) -> Iterator[tuple[dict, str]]:
    """Rows of a CSV file with its target split off; every feature is a number."""
    for row in csv.DictReader(io.StringIO(text)):
        y = row.pop(target)
        yield {k: int(v) if k in integers else float(v) for k, v in row.items()}, y


def phishing(wheel: zipfile.ZipFile) -> Iterator[Event]:
    text = gzip.decompress(wheel.read("river/datasets/phishing.csv.gz")).decode()
    for x, y in read_csv(text, "is_phishing", PHISHING_INTEGERS):
        yield x, y == "1"


def image_segments(wheel: zipfile.ZipFile) -> Iterator[Event]:
    yield from read_csv(inner_zip(wheel, "segment.csv.zip"), "category", SEGMENT_INTEGERS)


def trump_approval(wheel: zipfile.ZipFile) -> Iterator[Event]:
    text = gzip.decompress(wheel.read("river/datasets/trump_approval.csv.gz")).decode()
    for x, y in read_csv(text, "five_thirty_eight", TRUMP_INTEGERS):
        yield x, float(y)


def bananas(wheel: zipfile.ZipFile) -> Iterator[Event]:
    """LIBSVM lines: `label name:value name:value`."""
    for line in inner_zip(wheel, "banana.zip").splitlines():
        label, pairs = line.rstrip().split(" ", maxsplit=1)
        split = (pair.split(":") for pair in pairs.split(" "))
        yield {name: float(value) for name, value in split}, label == "1"


def inner_zip(wheel: zipfile.ZipFile, name: str) -> str:
    """The only file of a zip inside the wheel."""
    with zipfile.ZipFile(io.BytesIO(wheel.read(f"river/datasets/{name}"))) as inner:
        (member,) = [m for m in inner.namelist() if not m.startswith("__MACOSX")]
        return inner.read(member).decode()


def tweets(sdist: zipfile.ZipFile) -> Iterator[dict]:
    """The tweets whose mean human rating is not zero, in file order."""
    (archive,) = [n for n in sdist.namelist() if n.endswith("hutto_ICWSM_2014.tar.gz")]
    with tarfile.open(fileobj=io.BytesIO(sdist.read(archive))) as tar:
        member = tar.extractfile(TWEETS)
        if member is None:
            raise SystemExit(f"{TWEETS} is not in {archive}")
        lines = member.read().decode().split("\n")
    for line in lines:
        number, mean, text = line.rstrip("\r").split("\t", maxsplit=2)
        if float(mean) != 0:
            yield {"x": {"text": text}, "y": float(mean) > 0, "id": number}


def write_events(out: Path, name: str, target: str, events: list[Event]) -> None:
    """The same events as NDJSON (typed) and as CSV (target column last)."""
    with open(out / f"{name}.ndjson", "w", encoding="utf-8", newline="\n") as file:
        for x, y in events:
            file.write(dumps({"x": x, "y": y}) + "\n")
    with open(out / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*events[0][0], target])
        for x, y in events:
            writer.writerow([*x.values(), str(y).lower() if isinstance(y, bool) else y])


def dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--river", type=Path, required=True)
    parser.add_argument("--vader", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(args.river) as wheel:
        write_events(args.out, "phishing", "is_phishing", list(phishing(wheel)))
        write_events(args.out, "bananas", "is_banana", list(bananas(wheel)))
        write_events(args.out, "image_segments", "category", list(image_segments(wheel)))
        write_events(args.out, "trump_approval", "five_thirty_eight", list(trump_approval(wheel)))
    with zipfile.ZipFile(args.vader) as sdist:
        with open(args.out / "tweets.ndjson", "w", encoding="utf-8", newline="\n") as file:
            file.writelines(dumps(event) + "\n" for event in tweets(sdist))


if __name__ == "__main__":
    main()
