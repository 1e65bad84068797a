"""Rates of the language model beside llama.cpp, in turns in one run.

python bench/language_rates.py MODEL TEXT [SECONDS]

`cargo build --profile quick -p her-lm --example rates` first. llama.cpp is npm's prebuilt one, by
name and version into target/llama; it needs Node. First each alone, in turns, then two of a sort at
once: two cores. Times are of the processor, beside the wall's, in milliseconds a token.
"""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
LLAMA = ROOT / "target/llama"
VERSION = "3.22.1"
TURNS = 2


def install():
    if (LLAMA / "node_modules/node-llama-cpp").exists():
        return
    LLAMA.mkdir(parents=True, exist_ok=True)
    (LLAMA / "package.json").write_text('{"private": true}')
    names = [f"node-llama-cpp@{VERSION}", f"@node-llama-cpp/linux-x64@{VERSION}"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
    subprocess.run(["npm", "install", *quiet, *names], cwd=LLAMA, check=True)


def ours(model, text, seconds, rows=""):
    return [ROOT / "target/quick/examples/rates", model, text, str(seconds), rows]


def llama(model, text, seconds):
    return ["node", ROOT / "bench/language_beside.mjs", LLAMA, model, text, str(seconds)]


def run(*commands):
    """Starts them at once and gives what each said."""
    started = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
    said = [p.communicate()[0] for p in started]
    if any(p.returncode for p in started):
        sys.exit("one of them failed")
    return said


def told(line):
    figures = json.loads(line)
    for what in ("heard", "said"):
        f = figures[what]
        print(f"llama.cpp {what:34} {f['tokens']:8} {f['cpu_ms']:9.3f} {f['wall_ms']:9.3f}"
              f" {1000 / f['cpu_ms']:9.1f}")


def main():
    model, text, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 3.0
    install()
    print(f"{os.cpu_count()} cores; load {pathlib.Path('/proc/loadavg').read_text().strip()}")
    for turn in range(TURNS):
        print(f"alone, turn {turn + 1}")
        told(run(llama(model, text, 2 * seconds))[0])
        print(run(ours(model, text, seconds))[0], end="", flush=True)
    print("two at once")
    for line in run(*[llama(model, text, 2 * seconds)] * 2):
        told(line)
    for rows in ("learned in the mixture", "scored, few bits, 32", "spoken by 1 at", "spoken by 8"):
        for said in run(*[ours(model, text, seconds, rows)] * 2):
            print(said.splitlines()[2])
    print(f"load {pathlib.Path('/proc/loadavg').read_text().strip()}")


if __name__ == "__main__":
    main()
