"""How well what one encoder remembers is found by who reads with another: books that are joined.

python bench/foreign_spaces.py HER [FROM TO ANCHORS]…

HER is the binary; FROM and TO are `ngrams`, `minilm` or `wordllama`, as `cargo xtask data` fetches
them; without any, the pairs of docs/concepts/memory.md. An identity by FROM is told so many short
sentences of target/data/language/prose.txt (`cargo xtask data streams`), which stay whole, and 50
long ones, which are cut; its book is joined by one by TO. Then each long text is asked for.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

LANGUAGE = pathlib.Path(__file__).parent.parent / "target/data/language"
BASES = {"ngrams": None, "minilm": "all-MiniLM-L6-v2", "wordllama": "wordllama-l2-supercat-256"}
PAIRS = "minilm wordllama 400 wordllama minilm 400 minilm ngrams 400 wordllama ngrams 400 " \
        "wordllama ngrams 2400 ngrams wordllama 2400"
LONG = 50


class Place:
    """A data directory with one identity, which reads by a base."""

    def __init__(self, her, folder, base):
        self.her, self.folder = her, folder
        params = {"on": ["said"]}
        if base:
            self.run("model", "add", str((LANGUAGE / base).resolve()), "--link")
            params["encoder"] = base
        self.run("new", "one", "--spec", json.dumps({"Memory": params}))

    def run(self, *arguments, given=None):
        command = [self.her, "--data-dir", f"{self.folder}/data", *arguments]
        done = subprocess.run(command, input=given, cwd=self.folder, text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"{' '.join(arguments[:3])}: {done.stderr}")
        return done.stdout

    def told(self, *arguments):
        return json.loads(self.run("--json", *arguments))


def sentences():
    """The short ones and the long ones, each once."""
    text = " ".join((LANGUAGE / "prose.txt").read_text().split())
    each = dict.fromkeys(s.strip() for s in re.findall(r"[^.?!]+[.?!]", text))
    size = {s: len(s.encode()) for s in each}
    return [s for s in each if 40 <= size[s] < 250], [s for s in each if 300 <= size[s] < 900]


def measure(her, source, target, anchors):
    short, long = sentences()
    texts, asked = short[:anchors], long[:LONG]
    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        teller, reader = Place(her, a, BASES[source]), Place(her, b, BASES[target])
        lines = "\n".join(json.dumps({"x": {"said": s}}) for s in texts + asked)
        teller.run("learn", "one", "--format", "ndjson", given=lines)
        teller.run("book", "write", "one")
        key = teller.told("node")["key"]
        came = reader.told("book", "join", f"{a}/one.book", "one", "--key", key)["translated"]
        match = came["maps"][0]
        shares = " ".join(f"{name} {match[name]:.2f}" for name in ("top_1", "top_10", "found_10"))
        left = sum(one["memories"] for one in came["left_out"])
        found = 0
        for text in asked if came["mapped"] else []:
            nearest = reader.told("nearest", "one", "-k", "1", "--", text)["nearest"][0]
            found += text.startswith(nearest["text"])
        print(f"{source} to {target}: anchors {match['anchors']}, {shares}; read anew "
              f"{came['read_anew']}, mapped {came['mapped']}, left out {left}, found {found}",
              flush=True)


def main():
    her, *pairs = sys.argv[1:]
    pairs = pairs or PAIRS.split()
    for source, target, anchors in zip(pairs[::3], pairs[1::3], pairs[2::3]):
        measure(os.path.abspath(her), source, target, int(anchors))


main()
