# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Bodies of requests: what is read, and what is refused."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from hybrid_cluster.gateway import requests
from hybrid_cluster.gateway.errors import Failure


async def chunks(*parts, pause=0.0):
    for part in parts:
        await asyncio.sleep(pause)
        yield part


def read(*parts, headers=None, limit=10, **more):
    return asyncio.run(requests.read(chunks(*parts), headers or {}, limit, **more))


def refused(action):
    with pytest.raises(Failure) as caught:
        action()
    return caught.value


def test_a_body_comes_in_pieces():
    assert read(b"12345", b"67890") == b"1234567890"


def test_a_long_body_is_refused_before_it_is_read():
    async def never():
        raise AssertionError
        yield b""

    failure = refused(lambda: asyncio.run(requests.read(never(), {"Content-Length": "11"}, 10)))
    assert (failure.status, failure.message) == (413, "The body is longer than the 10 bytes that are allowed.")


def test_a_long_body_of_unknown_length_is_refused_when_it_is_too_long():
    assert refused(lambda: read(b"123456", b"789012")).status == 413


def test_a_slow_body_is_refused():
    async def silent():
        await asyncio.Event().wait()
        yield b""

    failure = refused(lambda: asyncio.run(requests.read(silent(), {}, seconds=0)))
    assert failure.status == 408


@pytest.mark.parametrize("packed", ["gzip", "GZIP", "br, identity"])
def test_a_packed_body_is_refused(packed):
    assert refused(lambda: read(b"", headers={"Content-Encoding": packed})).status == 415


def test_a_body_is_written_anew_with_the_same_meaning():
    body = requests.parse('{ "model": "m", "n": 1.5, "t": "ä\\u00e4\\/\\ud83d\\ude00", "x": [null, true] }'.encode())
    assert json.loads(requests.encode(body.fields)) == {"model": "m", "n": 1.5, "t": "ää/😀", "x": [None, True]}
    assert body.model == "m"


@pytest.mark.parametrize(("stream", "found"), [("true", True), ("false", False), ("null", None), ("1", None)])
def test_only_a_truth_value_asks_for_a_stream(stream, found):
    assert requests.parse(f'{{"model":"m","stream":{stream}}}'.encode()).stream is found
    assert requests.parse(b'{"model":"m"}').stream is None


# What reads a body by its first, its last or its plainest `model` would take each of these for another model.
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r'{"model":"allowed","model":"forbidden"}', id="twice"),
        pytest.param(r'{"model":"allowed","mod\u0065l":"forbidden"}', id="twice-once-escaped"),
        pytest.param(r'{"\u006dodel":"forbidden"}', id="escaped"),
        pytest.param(r'{"model":"allowed","x":"\"","mod\u0065l" : "forbidden"}', id="escaped-after-a-quote"),
        pytest.param(r'{"model":"allowed","me\u0073\u017fages":"forbidden"}', id="escaped-and-folded"),
        pytest.param(r'{"model":"allowed","Model":"forbidden"}', id="another-case"),
        pytest.param(r'{"MODEL":"forbidden"}', id="only-another-case"),
    ],
)
def test_a_model_that_can_be_read_in_two_ways_is_refused(text):
    failure = refused(lambda: requests.parse(text.encode()))
    assert (failure.status, failure.code) == (400, "ambiguous_key")


@pytest.mark.parametrize("text", ['{"model":"m","\u017ftream":true}', '{"model":"m","me\u017fsages":[]}'])
def test_a_letter_that_folds_to_another_one_is_refused(text):
    assert refused(lambda: requests.parse(text.encode())).code == "ambiguous_key"


def test_duplicates_are_refused_at_every_level():
    failure = refused(lambda: requests.parse(b'{"model":"m","messages":[{"role":"user","role":"system"}]}'))
    assert failure.message == "The key 'role' is there twice."


def test_escapes_elsewhere_are_no_harm():
    requests.parse(rb'{"model":"m","messages":[{"role":"user","content":"\u00e4 \"mod\u0065l\": \\"}]}')
    requests.parse(rb'{"model":"m","\u00e4":1}')


def test_a_body_of_too_many_parts_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(requests, "MOST_PARTS", 10)
    requests.parse(b'{"model":"m","x":[1,2,3,4,5,6,7,8]}')
    for text in (b"[1,2,3,4,5,6,7,8,9]", b"[[],[],[],[],[]]", b"[{},{},{},{},{}]", b'",,,,,,,,,"'):
        failure = refused(lambda text=text: requests.parse(b'{"model":"m","x":' + text + b"}"))
        assert (failure.status, failure.code) == (413, "too_many_parts")


def test_a_long_text_is_not_read_letter_by_letter(monkeypatch):
    """Others wait meanwhile, for seconds where a body has the largest size."""
    raw = b'{"model":"m","x":"\\u0041' + b"a, b" * 2_000_000 + b'"}'
    monkeypatch.setattr(requests, "MOST_PARTS", 10_000_000)
    # It is written anew for the backend, and not to be looked at before.
    monkeypatch.setattr(requests, "encode", lambda _: pytest.fail("it was written"))

    def takes(read):
        times = []
        for _ in range(3):
            began = time.process_time()
            read(raw)
            times.append(time.process_time() - began)
        return min(times)

    assert takes(requests._check_escapes) < takes(json.loads)
    requests.parse(raw)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "The body is not JSON: Expecting value at character 0."),
        (b"{", "The body is not JSON: Expecting property name enclosed in double quotes at character 1."),
        (b"[]", "The body is not a JSON object."),
        (b'"model"', "The body is not a JSON object."),
        (b'{"model":"m"} {}', "The body is not JSON: Extra data at character 14."),
        (b'{"model":"m\xff"}', "The body is not UTF-8."),
        (
            b'\xef\xbb\xbf{"model":"m"}',
            "The body is not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig) at character 0.",
        ),
        (b'{"model":"m","x":NaN}', "The body is not JSON: NaN is not a number."),
        (b'{"model":"m","x":-Infinity}', "The body is not JSON: -Infinity is not a number."),
        (b'{"model":"m","x":1e999}', "A number of the body is too large."),
        (b'{"model":"m","x":' + b"9" * 5000 + b"}", "The body is not JSON: a number is too long."),
        (b'{"model":"m","x":"\\ud800"}', "A text of the body holds half a character."),
        (b"{}", "'model' is missing."),
        (b'{"model":null}', "'model' is missing."),
        (b'{"model":1}', "'model' must be a text of 1 to 200 printable characters."),
        (b'{"model":""}', "'model' must be a text of 1 to 200 printable characters."),
        (b'{"model":"a\\nb"}', "'model' must be a text of 1 to 200 printable characters."),
        (b'{"model":"' + b"m" * 201 + b'"}', "'model' must be a text of 1 to 200 printable characters."),
    ],
)
def test_what_is_wrong_is_one_sentence(text, sentence):
    failure = refused(lambda: requests.parse(text))
    assert (failure.status, failure.message) == (400, sentence)


@pytest.mark.parametrize("deep", [b"[" * 64 + b"]" * 64, b"[" * 200000, b'{"a":' * 70 + b"1" + b"}" * 70])
def test_a_deep_body_is_refused_whatever_it_is_made_of(deep):
    failure = refused(lambda: requests.parse(b'{"model":"m","x":' + deep + b"}"))
    assert failure.message == "The body is nested deeper than 64 levels."


def test_a_body_as_deep_as_allowed_passes():
    requests.parse(b'{"model":"m","x":' + b"[" * 63 + b"]" * 63 + b"}")
