"""The checks of python-sdk.ts: the SDK's calls and what must come of them. AIFD_URL and FORWARD_KEY are given."""

import asyncio
import hashlib
import io
import os

import openai
from openai import AsyncOpenAI, OpenAI

url, key = os.environ["AIFD_URL"], os.environ["FORWARD_KEY"]
options = {"api_key": key, "max_retries": 0, "timeout": 20}
demo = OpenAI(base_url=f"{url}/v1", **options)
odd = OpenAI(base_url=f"{url}/odd/v1", **options)
messages = [{"role": "user", "content": "Grüße, 你好 🦊"}]


def fails_with(kind, call):
    """The error of `call`, which must be one of `kind`."""
    try:
        call()
    except openai.OpenAIError as error:
        assert type(error) is kind, repr(error)
        return error
    raise AssertionError(f"no {kind.__name__}")


def chat():
    answer = demo.chat.completions.create(model="demo-chat", messages=messages)
    assert "Grüße, 你好 🦊" in answer.choices[0].message.content
    assert answer._request_id.startswith("demo-")


def stream():
    plain = demo.chat.completions.create(model="demo-chat", messages=messages)
    with demo.chat.completions.create(model="demo-chat", messages=messages, stream=True) as chunks:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == plain.choices[0].message.content, text


def async_streams():
    async def one(client):
        chunks = await client.chat.completions.create(model="demo-chat", messages=messages, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

    async def many():
        async with AsyncOpenAI(base_url=f"{url}/v1", **options) as client:
            return await asyncio.gather(*[one(client) for _ in range(20)])

    texts = asyncio.run(many())
    assert len(texts) == 20 and len(set(texts)) == 1 and "🦊" in texts[0], texts


def tools():
    tool = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}
    ask = {"model": "demo-chat", "messages": messages, "tools": [tool], "tool_choice": "required"}
    answer = demo.chat.completions.create(**ask)
    assert answer.choices[0].message.tool_calls[0].function.name == "time"


def embeddings():
    ask = {"model": "demo-embedding", "input": ["one", "two words"], "dimensions": 64}
    floats = demo.embeddings.create(encoding_format="float", **ask).data
    decoded = demo.embeddings.create(**ask).data
    assert len(floats) == 2 and len(floats[0].embedding) == 64
    for left, right in zip(floats, decoded):
        assert all(abs(a - b) < 1e-6 for a, b in zip(left.embedding, right.embedding))


def models():
    assert [model.id for model in demo.models.list()] == ["demo-chat", "demo-embedding"]
    error = fails_with(openai.NotFoundError, lambda: demo.models.retrieve("none"))
    assert error.code == "model_not_found" and error.param == "model"


def upload():
    content = bytes(range(256)) * 20_000
    file = odd.files.create(file=("dätä.bin", io.BytesIO(content)), purpose="user_data")
    assert file.id == hashlib.sha256(content).hexdigest() and file.bytes == len(content)
    assert file.filename == "dätä.bin" and file.purpose == "user_data"


def abort():
    chunks = odd.chat.completions.create(model="endless", messages=messages, stream=True)
    assert next(iter(chunks)).choices[0].delta.content == "one"
    chunks.close()
    # Answered only once the upstream has seen the stream's client leave.
    assert odd.models.retrieve("left").id == "left"


def errors():
    expected = {
        "e400": (openai.BadRequestError, 400, "context_length_exceeded", "messages"),
        "e404": (openai.NotFoundError, 404, "model_not_found", "model"),
        "e429": (openai.RateLimitError, 429, "rate_limit_exceeded", None),
        "e500": (openai.InternalServerError, 500, "server_error", None),
    }
    for model, (kind, status, code, param) in expected.items():
        error = fails_with(kind, lambda: odd.chat.completions.create(model=model, messages=messages))
        assert (error.status_code, error.code, error.param) == (status, code, param), repr(error)
        assert error.request_id == f"req_{status}"


def unknown_key():
    stranger = OpenAI(base_url=f"{url}/v1", api_key="fk-somebody-elses", max_retries=0)
    error = fails_with(openai.AuthenticationError, lambda: stranger.models.list())
    assert error.code == "invalid_api_key" and error.request_id


for one in (chat, stream, async_streams, tools, embeddings, models, upload, abort, errors, unknown_key):
    one()
    print("ok   python:", one.__name__.replace("_", " "))
