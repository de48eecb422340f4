# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host with a model that sleeps when its program is told to: everything on it, in its network namespace.

It prints a line of JSON for whatever happens to it. Asleep it is stopped and its link is down, so what was connected is
half-open; whoever wakes it sets the link up and lets it go on.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import struct
import subprocess

from aiohttp import web

GREETING = b"SSH-2.0-test\r\n"
SSH, MODELS, AGENT = 22, 8080, 8022
GOES_SECONDS = 0.6
WORDS = [f"word{number} " for number in range(12)]
WORD_SECONDS = 0.02
# Text of a prompt that changes the answer.
LONG, SLOW = "a long answer", "a slow answer"
LONG_WORDS = 200_000
VECTOR = [0.25, -0.5, 1.0]
USED = {"prompt_tokens": 3, "completion_tokens": len(WORDS), "total_tokens": 3 + len(WORDS)}
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Model:
    """The backend: the API of OpenAI, with an answer that tells whether all of it came."""

    def __init__(self) -> None:
        self.running = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        fields = json.loads(raw) if raw else {}
        if fields.get("max_tokens") == 1:
            # The gateway's proof.
            return web.json_response(whole(fields, {"content": "hi"}, "stop"))
        self.running += 1
        text = str(fields.get("messages", fields.get("input", "")))
        said = 0
        try:
            say(asked=request.path, bytes=len(raw))
            if request.path == "/v1/embeddings":
                return web.json_response(vectors(fields))
            if request.path != "/v1/chat/completions":
                return web.json_response({"error": {"message": "nothing here"}}, status=404)
            if not fields.get("stream"):
                await asyncio.sleep(len(WORDS) * WORD_SECONDS)
                return web.json_response(self._whole(fields))
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for part in parts(fields, text):
                await response.write(b"data: " + json.dumps(part).encode() + b"\n\n")
                said += 1
                await asyncio.sleep(0 if LONG in text else 10 * WORD_SECONDS if SLOW in text else WORD_SECONDS)
            await response.write(b"data: [DONE]\n\n")
            said = -1
            return response
        except (ConnectionError, asyncio.CancelledError):
            say(left=said)
            raise
        finally:
            self.running -= 1

    def _whole(self, fields: dict) -> dict:
        if wants_call(fields):
            return whole(fields, {"content": None, "tool_calls": [CALL]}, "tool_calls")
        return whole(fields, {"content": "".join(WORDS)}, "stop")


def wants_call(fields: dict) -> bool:
    """Return whether a tool is to be called, which is so until its result is there."""
    return bool(fields.get("tools")) and fields["messages"][-1]["role"] != "tool"


def whole(fields: dict, message: dict, reason: str) -> dict:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": fields.get("model"),
        "choices": [choice],
        "usage": USED,
    }


def parts(fields: dict, text: str):
    """Yield the parts of a stream."""

    def part(delta: dict, reason: str | None = None) -> dict:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": fields.get("model")}
        return {**head, "choices": [choice]}

    if wants_call(fields):
        first = {**CALL, "index": 0, "function": {"name": "add", "arguments": ""}}
        yield part({"role": "assistant", "content": None, "tool_calls": [first]})
        for piece in ('{"a": 1,', ' "b": 2}'):
            yield part({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield part({}, "tool_calls")
    else:
        for word in WORDS if LONG not in text else (f"word{number} " for number in range(LONG_WORDS)):
            yield part({"content": word})
        yield part({}, "stop")
    if (fields.get("stream_options") or {}).get("include_usage"):
        yield {**part({}), "choices": [], "usage": USED}


def vectors(fields: dict) -> dict:
    """Return a vector for each input, in the form that was asked for."""
    given = fields["input"] if isinstance(fields["input"], list) else [fields["input"]]
    packed = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
    vector = packed if fields.get("encoding_format") == "base64" else VECTOR
    data = [{"object": "embedding", "index": number, "embedding": vector} for number, _ in enumerate(given)]
    used = {"prompt_tokens": len(given), "total_tokens": len(given)}
    return {"object": "list", "model": fields.get("model"), "data": data, "usage": used}


class Agent:
    """What the gateway asks about sleep, in place of the program that it asks over SSH; it knows of no veto."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._going: asyncio.TimerHandle | None = None

    async def handle(self, request: web.BaseRequest) -> web.Response:
        word = request.path.strip("/")
        if word == "suspend":
            self._going = self._going or asyncio.get_running_loop().call_later(GOES_SECONDS, self._sleep)
            return web.json_response({"going": True})
        if word == "stay":
            if self._going is not None:
                self._going.cancel()
                self._going = None
            return web.json_response({"stayed": True})
        return web.json_response({"vetoes": [], "proved": True, "problems": []})

    def _sleep(self) -> None:
        self._going = None
        say(asleep=True, running=self._model.running)
        subprocess.run(["ip", "link", "set", "lan", "down"], check=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        say(awake=True)


async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GREETING)
    writer.close()


async def main() -> None:
    model = Model()
    await asyncio.start_server(greet, "0.0.0.0", SSH)
    for port, handle in ((MODELS, model.handle), (AGENT, Agent(model).handle)):
        runner = web.ServerRunner(web.Server(handle, handler_cancellation=True, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", port).start()
    say(awake=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
