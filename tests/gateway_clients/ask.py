# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Asks the gateway by a library, as its documentation says, and prints what came as JSON: `ask.py LIBRARY CASE`.

It runs in the environment of the libraries. GATEWAY_URL, GATEWAY_KEY and GATEWAY_MODEL say whom it asks.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

URL, KEY, MODEL = (os.environ[f"GATEWAY_{name}"] for name in ("URL", "KEY", "MODEL"))
HI, SLOW = "hi", "a slow answer"
PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
FUNCTION = {"name": "add", "description": "Adds.", "parameters": PARAMETERS}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def openai(case: str) -> Any:
    from openai import OpenAI

    client = OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
    tools: Any = [{"type": "function", "function": FUNCTION}]
    create: Any = client.chat.completions.create
    if case == "whole":
        return create(model=MODEL, messages=said(HI)).choices[0].message.content
    if case == "stream":
        return "".join(
            part.choices[0].delta.content or "" for part in create(model=MODEL, messages=said(HI), stream=True)
        )
    if case == "tools":
        call = create(model=MODEL, messages=said(HI), tools=tools).choices[0].message.tool_calls[0]
        messages = [
            *said(HI),
            {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
            {"role": "tool", "tool_call_id": call.id, "content": "3"},
        ]
        answer = create(model=MODEL, messages=messages, tools=tools).choices[0].message.content
        return {"call": json.loads(call.function.arguments), "answer": answer}
    if case == "tools_stream":
        with client.chat.completions.stream(model=MODEL, messages=said(HI), tools=tools) as stream:
            (call,) = stream.get_final_completion().choices[0].message.tool_calls
        return json.loads(call.function.arguments)
    if case == "embeddings":
        return client.embeddings.create(model=MODEL, input=[HI, HI]).data[1].embedding
    if case == "embeddings_float":
        return client.embeddings.create(model=MODEL, input=HI, encoding_format="float").data[0].embedding
    stream = create(model=MODEL, messages=said(SLOW), stream=True)
    next(part for part in stream if part.choices[0].delta.content)
    stream.close()
    return "left"


def anthropic(case: str) -> Any:
    from anthropic import Anthropic

    client = Anthropic(base_url=URL, api_key=KEY, max_retries=0)
    ask: Any = {"model": MODEL, "max_tokens": 100, "messages": said(SLOW if case == "cancelled" else HI)}
    tools: Any = [{"name": "add", "description": "Adds.", "input_schema": PARAMETERS}]
    if case == "whole":
        return client.messages.create(**ask).content[0].text
    if case == "stream":
        with client.messages.stream(**ask) as stream:
            return "".join(stream.text_stream)
    if case == "tools":
        message = client.messages.create(**ask, tools=tools)
        call = next(block for block in message.content if block.type == "tool_use")
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "3"}
        ask["messages"] = [
            *ask["messages"],
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [result]},
        ]
        return {"call": call.input, "answer": client.messages.create(**ask, tools=tools).content[0].text}
    if case == "tools_stream":
        with client.messages.stream(**ask, tools=tools) as stream:
            return next(block.input for block in stream.get_final_message().content if block.type == "tool_use")
    with client.messages.stream(**ask) as stream:
        next(stream.text_stream)
    return "left"


def ollama(case: str) -> Any:
    from ollama import Client

    client = Client(host=URL, headers={"Authorization": f"Bearer {KEY}"})
    if case == "whole":
        return client.chat(model=MODEL, messages=said(HI)).message.content
    if case == "generate":
        return client.generate(model=MODEL, prompt=HI).response
    if case == "stream":
        return "".join(part.message.content or "" for part in client.chat(model=MODEL, messages=said(HI), stream=True))
    if case == "tools":
        message = client.chat(model=MODEL, messages=said(HI), tools=[add]).message
        call = message.tool_calls[0]
        messages = [*said(HI), message, {"role": "tool", "tool_name": call.function.name, "content": "3"}]
        answer = client.chat(model=MODEL, messages=messages, tools=[add]).message.content
        return {"call": dict(call.function.arguments), "answer": answer}
    if case == "tools_stream":
        parts = client.chat(model=MODEL, messages=said(HI), tools=[add], stream=True)
        calls = [call for part in parts for call in part.message.tool_calls or ()]
        return dict(calls[0].function.arguments)
    if case == "embeddings":
        return list(client.embed(model=MODEL, input=[HI, HI]).embeddings[1])
    parts = client.chat(model=MODEL, messages=said(SLOW), stream=True)
    next(part for part in parts if part.message.content)
    parts.close()
    return "left"


def llm(case: str) -> Any:
    import llm as library

    model = library.get_model(MODEL)
    if case == "whole":
        return model.prompt(HI, stream=False).text()
    if case == "stream":
        return "".join(model.prompt(HI, stream=True))
    if case == "tools":
        chain = model.chain(HI, tools=[add], stream=False)
        return {"answer": chain.text(), "call": chain._responses[0].tool_calls()[0].arguments}
    response = iter(model.prompt(SLOW, stream=True))
    next(response)
    response.close()
    return "left"


if __name__ == "__main__":
    print(
        json.dumps({"openai": openai, "anthropic": anthropic, "ollama": ollama, "llm": llm}[sys.argv[1]](sys.argv[2]))
    )
