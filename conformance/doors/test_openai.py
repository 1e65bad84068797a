"""OpenAI's own client, unmodified, against `her serve` with a real model.

The model is SmolLM2-135M-Instruct, which the step `language` of `cargo xtask test` fetches first.
Where it is missing, these tests are left out and say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from served import Served, serve
from test_triton import ask

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
FOUND = Path(__file__).parents[2] / "target/data/language" / MODEL

pytestmark = pytest.mark.skipif(
    not FOUND.exists() and "CI" not in os.environ,
    reason=f"{FOUND} is missing: run `cargo xtask data`",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serve() as server:
        bases = server.folder / "bases"
        bases.mkdir()
        (bases / MODEL).symlink_to(FOUND.resolve())
        base = MODEL.removesuffix(".gguf")
        ask(server, "PUT", "sam", {"model": {"LanguageModel": {"base": base}}})
        ask(server, "PUT", "tom", "LogisticRegression")
        yield server


@pytest.fixture
def client(server: Served) -> Iterator[openai.OpenAI]:
    url = f"http://{server.address}/openai/v1"
    with openai.OpenAI(base_url=url, api_key=server.token, max_retries=0) as client:
        yield client


def version(server: Served) -> int:
    return ask(server, "GET", "sam")["version"]


def her(answer: Any) -> dict[str, Any]:
    return answer.model_extra["her"]


def test_identities_that_speak_are_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["sam"]
    assert client.models.retrieve("sam").owned_by == "heraclitus"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("tom")
    assert refused.value.code == "model_not_found"


def test_a_conversation_is_answered_and_only_what_is_new_is_learned(
    client: openai.OpenAI, server: Served
) -> None:
    messages: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
    asked = {"model": "sam", "temperature": 0, "max_tokens": 12}
    first = client.chat.completions.create(messages=messages, **asked)
    answer = first.choices[0].message.content
    assert answer, "it says something; what, is for its base and its weights"
    assert first.usage.completion_tokens <= 12
    assert her(first)["learned_tokens"] > 5 and her(first)["bits_per_token"] > 0
    messages += [
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "And of Italy?"},
    ]
    second = client.chat.completions.create(messages=messages, **asked)
    assert second.choices[0].message.content
    assert 0 < her(second)["learned_tokens"] < 10
    before = version(server)
    again = client.chat.completions.create(messages=messages, extra_body={"learn": False}, **asked)
    assert her(again)["learned_tokens"] == 0 and version(server) == before


def test_a_stream_comes_a_word_at_a_time(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="sam",
        messages=[{"role": "user", "content": "Count from one to five."}],
        max_completion_tokens=24,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    words = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert len([word for word in words if word]) > 5
    assert chunks[-1].usage.completion_tokens > 5 and not chunks[-1].choices
    assert chunks[-2].choices[0].finish_reason in ("stop", "length")


def test_a_past_self_answers_and_learns_nothing(client: openai.OpenAI, server: Served) -> None:
    before = version(server)
    said = client.chat.completions.create(
        model="sam@1", messages=[{"role": "user", "content": "Hello!"}], max_tokens=8, seed=1
    )
    assert her(said)["version"] == 1 and version(server) == before


def test_texts_go_on(client: openai.OpenAI) -> None:
    said = client.completions.create(
        model="sam", prompt="Once upon a", max_tokens=4, temperature=0
    )
    assert said.choices[0].text.startswith(" time"), said.choices[0].text


def test_embeddings_of_like_texts_are_alike(client: openai.OpenAI) -> None:
    texts = ["The cat sat on the mat.", "A cat was sitting on a mat.", "Interest rates rose."]
    rows = [row.embedding for row in client.embeddings.create(model="sam", input=texts).data]
    assert len(rows[0]) == 576

    def like(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert abs(like(rows[0], rows[0]) - 1) < 1e-4
    assert like(rows[0], rows[1]) > like(rows[0], rows[2])


def test_refusals_are_those_that_the_client_knows(client: openai.OpenAI, server: Served) -> None:
    hello: list[Any] = [{"role": "user", "content": "hello"}]
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(model="sam", messages=hello, n=2)
    assert (wrong.value.param, wrong.value.code) == ("n", "unsupported_parameter")
    with pytest.raises(openai.BadRequestError) as long:
        client.chat.completions.create(
            model="sam", messages=[{"role": "user", "content": "word " * 9000}]
        )
    assert long.value.code == "context_length_exceeded"
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="tom", messages=hello)
    stranger = openai.OpenAI(base_url=client.base_url, api_key="her_x_y", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()
