"""Triton's own client, unmodified, against the Open Inference Protocol of `her serve`."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import tritonclient.http as triton
from served import Served, serve
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

BINARY = pytest.mark.parametrize("binary", [True, False])


def ask(server: Served, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {**server.headers, "Content-Type": "application/json"}
    url = f"http://{server.address}/v1/identities/{path}"
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serve() as server:
        yield server


@pytest.fixture
def client(server: Served) -> Iterator[Any]:
    with triton.InferenceServerClient(server.address, concurrency=8) as client:
        yield client


def tensor(name: str, values: Any, binary: bool) -> Any:
    array = numpy.asarray(values)
    if array.dtype.kind == "U":
        array = array.astype(object)
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def infer(
    client: Any, server: Served, model: str, inputs: dict[str, Any], binary: bool, **more: Any
) -> Any:
    tensors = [tensor(name, values, binary) for name, values in inputs.items()]
    outputs = more.pop("outputs", None)
    if outputs:
        outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in outputs]
    return client.infer(model, tensors, outputs=outputs, headers=server.headers, **more)


def new(server: Served, name: str, *model: str) -> str:
    ask(server, "PUT", name, list(model))
    return name


def test_health_and_metadata(client: Any, server: Served) -> None:
    assert client.is_server_live() and client.is_server_ready()
    with pytest.raises(InferenceServerException, match="token"):
        client.get_server_metadata()
    said = client.get_server_metadata(headers=server.headers)
    assert said["name"] == "heraclitus" and "binary_tensor_data" in said["extensions"]
    model = new(server, "meta", "StandardScaler", "LogisticRegression")
    assert client.is_model_ready(model, headers=server.headers)
    assert client.is_model_ready(model, "1", headers=server.headers)
    assert not client.is_model_ready(model, "2", headers=server.headers)
    assert not client.is_model_ready("nobody", headers=server.headers)
    infer(client, server, model, {"a": [1.0], "y": [True]}, True)
    metadata = client.get_model_metadata(model, headers=server.headers)
    assert metadata["versions"] == ["2"]
    assert metadata["inputs"] == [{"name": "a", "datatype": "FP64", "shape": [-1]}]


@BINARY
def test_learns_and_predicts(client: Any, server: Served, binary: bool) -> None:
    model = new(server, f"learns-{binary}", "StandardScaler", "LogisticRegression")
    rng = numpy.random.default_rng(7)
    for _ in range(8):
        a = rng.normal(size=64)
        y = a > 0
        infer(client, server, model, {"a": a, "b": a.astype(numpy.float32), "y": y}, binary)
    asked = {"a": numpy.array([-2.0, 2.0]), "b": numpy.array([-2, 2], numpy.float32)}
    said = infer(client, server, model, asked, binary)
    assert said.as_numpy("predict").tolist() == [False, True]
    assert said.as_numpy("predict").dtype == numpy.bool_
    assert said.as_numpy("classes").tolist() == [False, True]
    proba = said.as_numpy("predict_proba")
    assert proba.shape == (2, 2) and numpy.allclose(proba.sum(axis=1), 1)
    one = ask(server, "POST", f"{model}/predict", {"x": {"a": 2.0, "b": 2.0}})
    assert proba[1, 1] == one["prediction"]["proba"]["true"], "to the bit"
    assert said.get_response()["model_version"] == "513"
    past = infer(client, server, model, asked, binary, model_version="1", outputs=["predict_proba"])
    assert past.as_numpy("predict_proba")[0, 1] == 0.5 and past.as_numpy("predict") is None
    with pytest.raises(InferenceServerException, match="learns no more"):
        infer(client, server, model, {**asked, "y": [True, True]}, binary, model_version="9")


@BINARY
def test_every_datatype_is_the_same_number(client: Any, server: Served, binary: bool) -> None:
    model = new(server, f"types-{binary}", "LinearRegression")
    kinds = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 bool".split()
    inputs = {kind: numpy.array([1, 0], kind) for kind in kinds}
    infer(client, server, model, {**inputs, "y": [1.5, 2.5]}, binary)
    request = urllib.request.Request(
        f"http://{server.address}/v1/identities/{model}/log?from=2", headers=server.headers
    )
    with urllib.request.urlopen(request) as answer:
        lines = [json.loads(line) for line in answer]
    assert [line["x"] for line in lines] == [dict.fromkeys(kinds, 1), dict.fromkeys(kinds, 0)]
    assert [line["y"] for line in lines] == [1.5, 2.5]
    said = infer(client, server, model, inputs, binary).as_numpy("predict")
    assert said.dtype == numpy.float64 and said.shape == (2,)


@BINARY
def test_texts_and_classes(client: Any, server: Served, binary: bool) -> None:
    model = new(server, f"texts-{binary}", "OneHotEncoder", "MultinomialNB")
    cities, names = ["Delft", "Gent", "Köln"], ["nl", "be", "de"]
    for _ in range(5):
        infer(client, server, model, {"city": cities, "y": names}, binary)
    said = infer(client, server, model, {"city": cities}, binary)
    text = [t.decode() if isinstance(t, bytes) else t for t in said.as_numpy("predict").tolist()]
    assert text == names
    assert said.as_numpy("predict_proba").shape == (3, 3)


@BINARY
def test_a_matrix_is_many_features(client: Any, server: Served, binary: bool) -> None:
    model = new(server, f"matrix-{binary}", "LinearRegression")
    infer(client, server, model, {"x": numpy.ones((4, 3)), "y": numpy.ones(4)}, binary)
    inputs = client.get_model_metadata(model, headers=server.headers)["inputs"]
    assert [i["name"] for i in inputs] == ["x0", "x1", "x2"]


@BINARY
def test_an_id_is_the_key_of_a_late_label(client: Any, server: Served, binary: bool) -> None:
    model = new(server, f"late-{binary}", "LogisticRegression")
    said = infer(client, server, model, {"a": [1.0]}, binary, request_id="order-1")
    assert said.get_response()["id"] == "order-1"
    ask(server, "POST", f"{model}/label", {"id": "order-1", "y": True})
    with pytest.raises(InferenceServerException) as refused:
        infer(client, server, model, {"y": [True]}, binary, request_id="order-1")
    assert refused.value.status() == "410" and "order-1" in refused.value.message()
    infer(client, server, model, {"a": [1.0]}, binary, request_id="order-2")
    infer(client, server, model, {"y": [False]}, binary, request_id="order-2")
    assert ask(server, "GET", model)["figures"]["late_labels"] == 2


def test_many_at_a_time(client: Any, server: Served) -> None:
    model = new(server, "many", "StandardScaler", "LogisticRegression")

    def event(i: int) -> list[Any]:
        return [tensor("a", [float(i)], True), tensor("y", [i % 2 == 0], True)]

    calls = [client.async_infer(model, event(i), headers=server.headers) for i in range(200)]
    versions = sorted(int(call.get_result().get_response()["model_version"]) for call in calls)
    assert versions == list(range(2, 202)), "every update has a version of its own"
