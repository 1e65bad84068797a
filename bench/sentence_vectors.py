"""What embedding models make of texts, by NumPy in 64 bits: what the reader of `lm` is held to.

python bench/sentence_vectors.py target/data/language OUT.json

Nothing here is shared with the crate: safetensors are read byte by byte, and both ways of cutting
texts (WordPiece of BERT, byte pairs of Llama 2 with SentencePiece's marks) are written out. OUT
has, for each model and text, its tokens and its vector in thousandths of its length. It lies in
`crates/lm/tests/model/sentence-vectors.json`.
"""

import json
import math
import struct
import sys
import unicodedata
from pathlib import Path

import numpy as np

TEXTS = [
    "This is an example sentence",
    "Grüße aus Köln, 3½ km away — naïve café №5: 你好 😀",
    "She didn't pay the e-mail's $1,234.50 fee; antidisestablishmentarianism!",
    "  two  spaces\tand\nlines " + "word " * 30 + "xyzzy",
]


def tensors(path):
    data = Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": np.float32, "F16": np.float16}
    found = {}
    for name, about in header.items():
        if name != "__metadata__" and about["dtype"] in kinds:
            start, end = (8 + length + offset for offset in about["data_offsets"])
            flat = np.frombuffer(data[start:end], kinds[about["dtype"]])
            found[name] = flat.reshape(about["shape"]).astype(np.float64)
    return found


def is_punctuation(c):
    ascii_sign = 33 <= ord(c) <= 126 and not c.isalnum()
    return ascii_sign or unicodedata.category(c).startswith("P")


def is_chinese(c):
    ranges = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0xF900, 0xFAFF)]
    return any(low <= ord(c) <= high for low, high in ranges)


def word_pieces(text, vocabulary):
    """BERT's uncased tokens, with those that begin and end a text."""
    clean = ""
    for c in text:
        if c.isspace():
            clean += " "
        elif is_chinese(c):
            clean += f" {c} "
        elif not unicodedata.category(c).startswith("C"):
            clean += c
    plain = unicodedata.normalize("NFD", clean)
    plain = "".join(c for c in plain if unicodedata.category(c) != "Mn").lower()
    words, word = [], ""
    for c in plain + " ":
        if c == " " or is_punctuation(c):
            words += [word] * bool(word) + [c] * (c != " ")
            word = ""
        else:
            word += c
    tokens = [vocabulary["[CLS]"]]
    for word in words:
        pieces, rest = [], word
        while rest:
            mark = "##" if pieces else ""
            ends = (end for end in range(len(rest), 0, -1) if mark + rest[:end] in vocabulary)
            end = next(ends, None)
            if end is None:
                pieces = ["[UNK]"]
                break
            pieces.append(mark + rest[:end])
            rest = rest[end:]
        tokens += [vocabulary[piece] for piece in pieces]
    return [*tokens, vocabulary["[SEP]"]]


def byte_pairs(text, tokenizer):
    """Llama 2's tokens, without the one that begins a text."""
    vocabulary, merges = tokenizer["model"]["vocab"], tokenizer["model"]["merges"]
    pairs = (tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in merges)
    ranks = {pair: rank for rank, pair in enumerate(pairs)}
    pieces = list("▁" + text.replace(" ", "▁"))
    while True:
        ranked = [
            (ranks[pair], i) for i, pair in enumerate(zip(pieces, pieces[1:])) if pair in ranks
        ]
        if not ranked:
            break
        _, at = min(ranked)
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    tokens = []
    for piece in pieces:
        if piece in vocabulary:
            tokens.append(vocabulary[piece])
        else:
            tokens += [vocabulary[f"<0x{byte:02X}>"] for byte in piece.encode()]
    return tokens


def layer_norm(x, weights, name, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def bert(tokens, weights, config):
    """The last hidden states' mean, of length 1."""
    epsilon, heads = config["layer_norm_eps"], config["num_attention_heads"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    h = weights["embeddings.word_embeddings.weight"][tokens]
    h = h + weights["embeddings.position_embeddings.weight"][: len(tokens)]
    h = h + weights["embeddings.token_type_embeddings.weight"][0]
    h = layer_norm(h, weights, "embeddings.LayerNorm", epsilon)
    erf = np.vectorize(math.erf)
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        parts = (linear(h, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        split = (np.split(part, heads, axis=1) for part in parts)
        mixed = []
        for query, key, value in zip(*split):
            looks = query @ key.T / math.sqrt(query.shape[1])
            looks = np.exp(looks - looks.max(axis=1, keepdims=True))
            mixed.append(looks / looks.sum(axis=1, keepdims=True) @ value)
        out = linear(np.concatenate(mixed, axis=1), f"{name}.attention.output.dense")
        h = layer_norm(h + out, weights, f"{name}.attention.output.LayerNorm", epsilon)
        inner = linear(h, f"{name}.intermediate.dense")
        inner = inner * (1 + erf(inner / math.sqrt(2))) / 2
        out = linear(inner, f"{name}.output.dense")
        h = layer_norm(h + out, weights, f"{name}.output.LayerNorm", epsilon)
    return h.mean(axis=0)


def rounded(vector):
    return [round(float(x) * 1000, 1) for x in vector / np.linalg.norm(vector)]


def main(folder, out):
    folder, told = Path(folder), {}
    mini = folder / "all-MiniLM-L6-v2"
    weights = tensors(mini / "model.safetensors")
    config = json.loads((mini / "config.json").read_text())
    vocabulary = json.loads((mini / "tokenizer.json").read_text())["model"]["vocab"]
    rows = []
    for text in TEXTS:
        tokens = word_pieces(text, vocabulary)
        vector = rounded(bert(tokens, weights, config))
        rows.append({"text": text, "tokens": tokens, "vector": vector})
    told[mini.name] = rows
    llama = folder / "wordllama-l2-supercat-256"
    table = tensors(llama / "model.safetensors")["embedding.weight"]
    tokenizer = json.loads((llama / "tokenizer.json").read_text())
    rows = []
    for text in TEXTS:
        tokens = byte_pairs(text, tokenizer)
        rows.append({"text": text, "tokens": tokens, "vector": rounded(table[tokens].mean(axis=0))})
    told[llama.name] = rows
    lines = (f"  {json.dumps(name)}: [\n    " + ",\n    ".join(map(json.dumps, rows)) + "\n  ]"
             for name, rows in told.items())
    Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
