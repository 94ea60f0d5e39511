"""The checks of litellm.ts that the Python SDK makes. AIFD_URL, FORWARD_KEY and SAID are given."""

import asyncio
import os

import openai
from openai import AsyncOpenAI, OpenAI

options = {
    "base_url": os.environ["AIFD_URL"] + "/v1",
    "api_key": os.environ["FORWARD_KEY"],
    "max_retries": 0,
    "timeout": 20,
}
said = os.environ["SAID"]
client = OpenAI(**options)
ask = {"model": "mock-chat", "messages": [{"role": "user", "content": "hi"}]}

assert client.chat.completions.create(**ask).choices[0].message.content == said
print("ok   python: a chat")

with client.chat.completions.create(stream=True, **ask) as chunks:
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
assert "".join(pieces) == said and len(pieces) > 3, pieces
print("ok   python: a stream")


async def many():
    async with AsyncOpenAI(**options) as one:
        return await asyncio.gather(*[one.chat.completions.create(**ask) for _ in range(10)])


assert [answer.choices[0].message.content for answer in asyncio.run(many())] == [said] * 10
print("ok   python: ten at once")

try:
    client.chat.completions.create(**{**ask, "model": "none"})
    raise AssertionError("no error")
except openai.BadRequestError as error:
    assert "none" in error.message, error
print("ok   python: LiteLLM's own error")
