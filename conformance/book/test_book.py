"""A book opened with the tools of others: skopeo, zstd, tar, safetensors, Arrow, and a second
implementation of Ed25519. None of them knows anything of us."""

import base64
import hashlib
import io
import json
import os
import pathlib
import subprocess
import tarfile

import numpy as np
import pyarrow.ipc
import pytest
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from safetensors import safe_open
from safetensors.numpy import load

BOOKS = pathlib.Path(os.environ["HER_BOOKS"])
NAME = "org.cncf.model.filepath"


def layout(book: str) -> dict[str, bytes]:
    """The files in a book's tar, in their order."""
    with tarfile.open(BOOKS / book, "r:") as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def blob(files: dict[str, bytes], descriptor: dict) -> bytes:
    data = files["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]
    assert "sha256:" + hashlib.sha256(data).hexdigest() == descriptor["digest"]
    assert len(data) == descriptor["size"]
    return data


def manifest(files: dict[str, bytes]) -> dict:
    return json.loads(blob(files, json.loads(files["index.json"])["manifests"][0]))


def unpack(data: bytes) -> tuple[str, bytes, str]:
    """The one file of a layer, and the digest of its tar."""
    tar = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as opened:
        (member,) = opened.getmembers()
        file = opened.extractfile(member).read()
    return member.name, file, "sha256:" + hashlib.sha256(tar).hexdigest()


@pytest.fixture(scope="module")
def layers() -> dict[str, bytes]:
    files = layout("1.book")
    unpacked = [unpack(blob(files, layer)) for layer in manifest(files)["layers"]]
    return {name: file for name, file, _ in unpacked}


def test_the_layout_is_modelpacks():
    files = layout("1.book")
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    book = manifest(files)
    assert book["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert book["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert book["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    config = json.loads(blob(files, book["config"]))
    # What ModelPack's schema allows, and nothing else.
    assert set(config) == {"descriptor", "config", "modelfs"}
    assert set(config["descriptor"]) == {"name", "version", "licenses"}
    assert set(config["config"]) == {"format", "precision"}
    unpacked = [unpack(blob(files, layer)) for layer in book["layers"]]
    assert config["modelfs"] == {"type": "layers", "diffIds": [digest for *_, digest in unpacked]}
    for layer, (name, file, _) in zip(book["layers"], unpacked, strict=True):
        assert layer["annotations"][NAME] == name
        metadata = json.loads(layer["annotations"]["org.cncf.model.file.metadata+json"])
        assert (metadata["name"], metadata["size"]) == (name, len(file))
        kind = layer["mediaType"].removeprefix("application/vnd.")
        assert kind.startswith(("cncf.model.", "heraclitus.state.")) and kind.endswith(".tar+zstd")


def skopeo(*arguments: str) -> bytes:
    done = subprocess.run(["skopeo", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def copied(book: str, to: pathlib.Path) -> dict[str, bytes]:
    """A book as skopeo copies it, blob by blob; it checks the digests."""
    skopeo("copy", "--quiet", f"oci-archive:{BOOKS / book}:book", f"dir:{to}")
    return {path.name: path.read_bytes() for path in to.iterdir()}


@pytest.mark.skopeo
def test_skopeo_inspects_a_book():
    files = layout("1.book")
    raw = skopeo("inspect", "--raw", f"oci-archive:{BOOKS / '1.book'}:book")
    assert raw == blob(files, json.loads(files["index.json"])["manifests"][0])
    config = skopeo("inspect", "--config", "--raw", f"oci-archive:{BOOKS / '1.book'}:book")
    assert json.loads(config)["descriptor"]["name"] == "sam"


@pytest.mark.skopeo
def test_skopeo_copies_books_and_their_editions_share_layers(tmp_path):
    first, second = copied("1.book", tmp_path / "1"), copied("2.book", tmp_path / "2")
    names = []
    for copy in (first, second):
        book = json.loads(copy["manifest.json"])
        digests = [layer["digest"].removeprefix("sha256:") for layer in book["layers"]]
        assert all(hashlib.sha256(copy[digest]).hexdigest() == digest for digest in digests)
        names.append({layer["annotations"][NAME]: layer["digest"] for layer in book["layers"]})
    changed = {name for name, digest in names[1].items() if names[0].get(name) != digest}
    assert changed == {"delta-002.safetensors", "provenance.json"}
    # Through a layout of skopeo's own and back, the manifest is the same to the byte.
    there = f"oci:{tmp_path / 'layout'}:book"
    skopeo("copy", "--quiet", f"oci-archive:{BOOKS / '1.book'}:book", there)
    assert skopeo("inspect", "--raw", there) == first["manifest.json"]


@pytest.mark.skopeo
def test_skopeo_finds_a_changed_layer_too(tmp_path):
    files = layout("1.book")
    data = (BOOKS / "1.book").read_bytes()
    layer = blob(files, manifest(files)["layers"][1])
    changed = bytearray(data)
    changed[data.index(layer)] ^= 1
    (tmp_path / "changed.book").write_bytes(changed)
    book = f"oci-archive:{tmp_path}/changed.book:book"
    arguments = ["copy", "--quiet", book, f"dir:{tmp_path}/x"]
    done = subprocess.run(["skopeo", *arguments], capture_output=True, check=False)
    assert done.returncode != 0 and b"digest" in done.stderr.lower()


def test_safetensors_reads_weights_deltas_and_memories(layers, tmp_path):
    base = load(layers["base.safetensors"])
    assert base["w"].dtype == np.float64 and base["w"].tolist() == [0.25, -1.0, 2.0]
    assert base["bias"].shape == () and base["bias"] == -0.5
    path = tmp_path / "delta.safetensors"
    path.write_bytes(layers["delta-001.safetensors"])
    with safe_open(path, "numpy") as delta:
        assert delta.get_tensor("w.q").tolist() == [1, -1, 64, 0]
        assert delta.get_slice("w.e").get_dtype() == "F8_E8M0"
        assert delta.metadata()["codec"] == "i8"
        files = layout("1.book")
        config = json.loads(blob(files, manifest(files)["config"]))
        assert delta.metadata()["base"] == config["modelfs"]["diffIds"][1]
    path = tmp_path / "memory.safetensors"
    path.write_bytes(layers["memory/text.safetensors"])
    with safe_open(path, "numpy") as memory:
        q, s = memory.get_tensor("text.q"), memory.get_tensor("text.s")
        assert (q.dtype, s.dtype) == (np.int8, np.float16)
        wanted = np.array([[1.0, -0.5, 0.25], [0.0, 0.125, -2.0]])
        assert np.allclose(q * s[:, None].astype(np.float32), wanted, atol=0.01)
        assert memory.metadata()["space"] == "hash-3"
        assert memory.metadata()["anchors"].startswith("sha256:")


def test_arrow_reads_the_dictionary_and_the_rows(layers):
    names = pyarrow.ipc.open_file(layers["dictionary.arrow"]).read_all()
    assert names.to_pylist()[2] == {"of": "feature", "id": 2, "name": "café"}
    rows = pyarrow.ipc.open_file(layers["memory/text.arrow"]).read_all()
    assert rows.column("id").to_pylist() == ["ed25519:aa/1", "ed25519:aa/2"]
    assert rows.column("at")[1].as_py().isoformat() == "2025-11-27T00:00:01.500000+00:00"
    assert rows.schema.metadata == {b"space": b"hash-3"}


def test_arrow_reads_what_origins_contributed():
    files = layout("rows.book")
    unpacked = [unpack(blob(files, layer)) for layer in manifest(files)["layers"]]
    table = {name: file for name, file, _ in unpacked}["contributions.arrow"]
    rows = pyarrow.ipc.open_file(table).read_all()
    assert rows.schema.metadata == {b"contract": b"cc" * 32}
    first = rows.to_pylist()[0]
    assert (first["key"], first["identity"]) == (b"\xaa" * 32, b"\x07" * 16)
    assert (first["number"], first["events"]) == (121, 120)
    assert (len(first["signature"]), first["sums"]) == (64, b"what one learned")


def test_another_ed25519_agrees_with_the_signature(layers):
    files = layout("1.book")
    book, referrer = json.loads(files["index.json"])["manifests"]
    signature = json.loads(blob(files, referrer))
    assert signature["subject"]["digest"] == book["digest"]
    envelope = json.loads(blob(files, signature["layers"][0]))
    payload = base64.b64decode(envelope["payload"], validate=True)
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (only,) = envelope["signatures"]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(only["keyid"].removeprefix("ed25519:")))
    key.verify(base64.b64decode(only["sig"], validate=True), signed)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(only["sig"]), signed + b" ")
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert "sha256:" + statement["subject"][0]["digest"]["sha256"] == book["digest"]
    provenance = json.loads(layers["provenance.json"])
    by_name = {subject["name"]: subject["digest"]["sha256"] for subject in provenance["subject"]}
    for layer in manifest(files)["layers"][:-1]:
        assert "sha256:" + by_name.pop(layer["annotations"][NAME]) == layer["digest"]
    assert not by_name and provenance["predicate"]["events"] == 120
