"""The checks of python-cache.ts, one phase a run: AIFD_URL, UPSTREAM_URL, FORWARD_KEY, MODELS and RECORDED are given."""

import asyncio
import json
import os
import sys
import time
import urllib.request

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

options = {"base_url": os.environ["AIFD_URL"] + "/v1", "api_key": os.environ["FORWARD_KEY"], "timeout": 20}
client = OpenAI(max_retries=0, **options)
models = os.environ["MODELS"].split(",")
usage = {"stream": True, "stream_options": {"include_usage": True}}


class Place(BaseModel):
    city: str
    days: list[int]


def asked_upstream():
    with urllib.request.urlopen(os.environ["UPSTREAM_URL"] + "/count") as answer:
        return int(answer.read())


def plain(value):
    """All that a model of the SDK has, what it was not given told from None, down to unknown fields."""
    if isinstance(value, BaseModel):
        known = {name: plain(getattr(value, name)) for name in value.model_fields_set}
        return {"": type(value).__name__, **known, **{f"+{k}": plain(v) for k, v in (value.model_extra or {}).items()}}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value


def told(raw, **ask):
    """The answer to a call that gives the raw response, and its Cache-Status."""
    response = raw(**ask)
    data = response.parse()
    if ask.get("stream"):
        data = list(data)
    return plain(data), response.headers.get("cache-status") or ""


async def told_async(raw, **ask):
    response = await raw(**ask)
    data = response.parse()
    if ask.get("stream"):
        data = [one async for one in data]
    return plain(data), response.headers.get("cache-status") or ""


def same(raw, **ask):
    """Asks twice: the second answer must be kept, cost nothing upstream, and equal the first in all. Returns it."""
    before = asked_upstream()
    first, status = told(raw, **ask)
    assert status == "aifd; fwd=uri-miss; stored", (ask, status)
    assert asked_upstream() == before + 1, ask
    again, status = told(raw, **ask)
    assert status.startswith("aifd; hit; ttl="), (ask, status)
    assert asked_upstream() == before + 1, ask
    assert again == first, (ask, first, again)
    return first


def chat_of(model, content):
    return {"model": model, "messages": [{"role": "user", "content": content}], **({"n": 2} if model == "two" else {})}


# The SDK's accumulator fails where an answer ends by its length, and is slow where it is long.
added_up = [model for model in models if model not in ("cut", "long")]
chats = client.chat.completions.with_raw_response.create


def chat():
    for model in models:
        same(chats, **chat_of(model, "plain"))
        same(chats, **chat_of(model, "stream"), stream=True)
        events = same(chats, **chat_of(model, "with usage"), **usage)
        assert events[-1]["usage"]["total_tokens"] == 29, events[-1]


def accumulators():
    def heard(**ask):
        with client.chat.completions.stream(stream_options={"include_usage": True}, **ask) as stream:
            events = [plain(event) for event in stream]
            return events, plain(stream.get_final_completion())

    for model in added_up:
        ask = chat_of(model, "accumulated")
        before = asked_upstream()
        if model in ("parsed", "refusal"):
            ask["response_format"] = Place
        first = heard(**ask)
        assert len(first[0]) >= 2 and heard(**ask) == first, model
        assert asked_upstream() == before + 1, model


def parsed():
    ask = chat_of("parsed", "parsed")
    before = asked_upstream()
    first = client.chat.completions.parse(response_format=Place, **ask)
    again = client.chat.completions.parse(response_format=Place, **ask)
    assert first.choices[0].message.parsed == Place(city="Köln", days=[1, 2])
    assert plain(again) == plain(first) and asked_upstream() == before + 1


def forms():
    """A plain answer as a stream, added up by the SDK, and a stream as a plain answer."""
    for model in added_up:
        ask = chat_of(model, "plain first")
        one = client.chat.completions.create(**ask)
        before = asked_upstream()
        with client.chat.completions.stream(stream_options={"include_usage": True}, **ask) as stream:
            final = stream.get_final_completion()
        assert asked_upstream() == before, model
        assert without(final) == without(one), (model, without(final), without(one))

        ask = chat_of(model, "stream first")
        with client.chat.completions.stream(stream_options={"include_usage": True}, **ask) as stream:
            final = stream.get_final_completion()
        before = asked_upstream()
        one = client.chat.completions.create(**ask)
        assert asked_upstream() == before, model
        assert without(one) == without(final), (model, without(one), without(final))


def without(completion):
    """Without what the accumulator adds, and what no chunk carries: `annotations`."""

    def cut(value):
        if isinstance(value, list):
            return [cut(one) for one in value]
        if not isinstance(value, dict):
            return value
        added = ("parsed", "parsed_arguments", "annotations", "index", "obfuscation")
        return {key: cut(one) for key, one in value.items() if key not in added and one is not None}

    return cut(completion.to_dict(mode="json"))


def embeddings():
    raw = client.embeddings.with_raw_response.create
    ask = {"model": "m", "input": ["one", "zwei 🦊"]}
    default = same(raw, **ask)
    floats = same(raw, **ask, encoding_format="float")
    assert [one["embedding"] for one in default["data"]] == [
        [float(number) for number in one["embedding"]] for one in floats["data"]
    ]
    # The default is base64 on the wire, so this is kept already.
    before = asked_upstream()
    text, status = told(raw, **ask, encoding_format="base64")
    assert status.startswith("aifd; hit") and isinstance(text["data"][0]["embedding"], str), (status, text)
    assert asked_upstream() == before


def completions():
    raw = client.completions.with_raw_response.create
    for more in ({}, {"stream": True}, usage):
        same(raw, model="m", prompt=f"one {json.dumps(more)}", n=2, **more)


def responses():
    raw = client.responses.with_raw_response.create
    for model in ("text", "tools"):
        same(raw, model=model, input="plain")
        same(raw, model=model, input="stream", stream=True)
        for input in ("plain", "stream"):
            before = asked_upstream()
            with client.responses.stream(model=model, input=input) as stream:
                events = [plain(event) for event in stream]
                final = stream.get_final_response()
            assert events and asked_upstream() == before, (model, input)
            one = client.responses.create(model=model, input=input)
            assert without(one) == without(final), (model, without(one), without(final))
            assert asked_upstream() == before, (model, input)


def caching_field():
    for more in ({}, {"stream": True}):
        ask = {**chat_of("text", f"caching {json.dumps(more)}"), **more}
        first, _ = told(chats, **ask)
        before = asked_upstream()
        passed, status = told(chats, **ask, extra_body={"caching": False})
        assert status == "aifd; fwd=bypass" and passed != first, status
        assert asked_upstream() == before + 1
        again, status = told(chats, **ask, extra_body={"caching": True})
        assert status.startswith("aifd; hit") and again == first, status
        assert asked_upstream() == before + 1


def left_in_the_middle():
    ask = {**chat_of("long", "left"), "stream": True}
    first, _ = told(chats, **ask)
    before = asked_upstream()
    for count in range(1, 100, 9):
        with client.chat.completions.create(**ask) as chunks:
            read = [plain(chunk) for _, chunk in zip(range(count), chunks)]
        assert read == first[:count], count
    assert told(chats, **ask)[0] == first and asked_upstream() == before


def fifty_at_once():
    async def many(**ask):
        async with AsyncOpenAI(max_retries=0, **options) as one:
            raw = one.chat.completions.with_raw_response.create
            return await asyncio.gather(*[told_async(raw, **ask) for _ in range(50)])

    for model, more in (("tools", {}), ("two", usage), ("reasoning", {"stream": True})):
        before = asked_upstream()
        answers = asyncio.run(many(**chat_of(model, "at once"), **more))
        assert asked_upstream() == before + 1, model
        assert all(data == answers[0][0] for data, _ in answers), model
        assert sum(status == "aifd; fwd=uri-miss; stored" for _, status in answers) == 1, [s for _, s in answers]
        assert all("collapsed" in status or "hit" in status or "stored" in status for _, status in answers)


def async_replay():
    async def twice(**ask):
        async with AsyncOpenAI(max_retries=0, **options) as one:
            raw = one.chat.completions.with_raw_response.create
            return await told_async(raw, **ask), await told_async(raw, **ask)

    for more in ({}, usage):
        (first, one), (again, other) = asyncio.run(twice(**chat_of("unicode", "async"), **more))
        # The second form is served by the first, unless that is asked for anew: then it is kept, too.
        assert more or one.endswith("stored"), one
        assert other.startswith("aifd; hit") and again == first, other


recorded = (
    (chats, chat_of("tools", "recorded")),
    (chats, {**chat_of("unicode", "recorded stream"), **usage}),
    (client.embeddings.with_raw_response.create, {"model": "m", "input": "one"}),
    (client.responses.with_raw_response.create, {"model": "text", "input": "one", "stream": True}),
)


def recording():
    answers = []
    for raw, ask in recorded:
        data, status = told(raw, **ask)
        assert status.endswith("; stored"), status
        answers.append(data)
    with open(os.environ["RECORDED"], "w") as file:
        json.dump(answers, file)


def replaying():
    with open(os.environ["RECORDED"]) as file:
        answers = json.load(file)
    for _ in range(2):
        for (raw, ask), answer in zip(recorded, answers):
            data, status = told(raw, **ask)
            assert status == "aifd; hit", status
            assert json.loads(json.dumps(data)) == answer, (data, answer)


def miss_offline():
    patient = OpenAI(max_retries=5, **options)
    for more in ({}, {"stream": True}):
        started = time.monotonic()
        try:
            patient.chat.completions.create(**chat_of("tools", "not recorded"), **more)
        except openai.InternalServerError as error:
            assert error.status_code == 504 and error.code == "cache_miss", error
            assert "not recorded" in error.message, error.message
            assert error.response.request.headers["x-stainless-retry-count"] == "0"
        else:
            raise AssertionError("a miss was answered")
        # The first retry would come after half a second at the earliest.
        assert time.monotonic() - started < 0.4


phases = {
    "cache": (
        chat,
        accumulators,
        parsed,
        forms,
        embeddings,
        completions,
        responses,
        caching_field,
        left_in_the_middle,
        fifty_at_once,
        async_replay,
    ),
    "record": (recording,),
    "replay": (replaying, miss_offline),
}
# All of a phase, so that one report tells everything.
failures = 0
for one in phases[sys.argv[1]]:
    try:
        one()
        print("ok   python:", one.__name__.replace("_", " "))
    except Exception as error:
        failures += 1
        print("FAIL python:", one.__name__.replace("_", " "), "-", type(error).__name__, str(error)[:1500])
sys.exit(1 if failures else 0)
