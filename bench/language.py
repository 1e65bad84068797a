"""Texts that packages ship, as one file each, for a language model to read as they come.

python bench/language.py chat chitchat_dataset-0.9.0-py3-none-any.whl OUT
python bench/language.py prose r-cran-janeaustenr_1.0.0-1_all.deb OUT
python bench/language.py german fortunes-de_0.35-1_all.deb OUT

`chat`: real conversations in the ChatML that SmolLM2 was trained on, the first ones of the package
in its own order, 60,000 letters of them. Who speaks first is the user, the other one the assistant.
`prose`: the novel "Persuasion", line by line as the package has it. `german`: sayings and quotes.
"""

import io
import json
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib

LETTERS = 60_000
NOVEL = "Persuasion\n"
SAYINGS = ("anekdoten", "zitate")


def text(conversations):
    parts, letters = [], 0
    for conversation in conversations:
        roles = {}
        for turn in conversation["messages"]:
            said = " ".join(message["text"] for message in turn if message.get("text"))
            role = roles.setdefault(turn[0]["sender"], ("user", "assistant")[len(roles) % 2])
            if said:
                parts.append(f"<|im_start|>{role}\n{said}<|im_end|>\n")
                letters += len(said)
        if letters > LETTERS:
            break
    return "".join(parts)


def chat(wheel):
    data = json.loads(zipfile.ZipFile(wheel).read("chitchat_dataset/dataset.json"))
    return text(data.values())


def debian(package):
    """The files of a Debian package: an `ar` archive with an archive of all files in it."""
    with open(package, "rb") as file:
        raw = file.read()
    at = 8
    while at < len(raw):
        name, size = raw[at : at + 16].strip(), int(raw[at + 48 : at + 58])
        body = raw[at + 60 : at + 60 + size]
        if name.startswith(b"data.tar.xz"):
            return tarfile.open(fileobj=io.BytesIO(lzma.decompress(body)))
        at += 60 + size + size % 2
    raise ValueError(f"{package} has no data.tar.xz")


def strings(values):
    """The texts of a vector as R writes it: each after its mark and its length."""
    mark, at = b"\x00\x04\x00\x09", 0
    while (at := values.find(mark, at)) >= 0:
        (length,) = struct.unpack(">i", values[at + 4 : at + 8])
        at += 8
        yield values[at : at + length].decode("utf-8")
        at += length


def prose(package):
    path = "./usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
    values = debian(package).extractfile(path).read()
    # One value after the other, each its length, then deflated.
    while values:
        inflate = zlib.decompressobj()
        novel = "\n".join(strings(inflate.decompress(values[4:])))
        if novel.startswith(NOVEL):
            return novel
        values = inflate.unused_data
    raise ValueError(f"{package} has no {NOVEL.strip()}")


def german(package):
    files = debian(package)
    folder = "./usr/share/games/fortunes/de/"
    return "".join(files.extractfile(folder + name).read().decode("utf-8") for name in SAYINGS)


def main():
    kind, package, out = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as file:
        file.write({"chat": chat, "prose": prose, "german": german}[kind](package))


if __name__ == "__main__":
    main()
