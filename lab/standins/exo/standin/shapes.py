# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bodies of the text routes, field by field as recorded from 1.0.71."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cards import Card


@dataclass(frozen=True)
class Answer:
    """A finished answer."""

    command_id: str
    model: str
    text: str
    last: dict[str, Any]

    @property
    def prompt_tokens(self) -> int:
        """Return the length of the question."""
        return int(self.last["usage"]["promptTokens"])

    @property
    def completion_tokens(self) -> int:
        """Return the length of the answer."""
        return int(self.last["usage"]["completionTokens"])


def _usage(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        "prompt_tokens": values["promptTokens"],
        "completion_tokens": values["completionTokens"],
        "total_tokens": values["totalTokens"],
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _message(text: str) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": text,
        "reasoning_content": None,
        "name": None,
        "tool_calls": None,
        "tool_call_id": None,
        "function_call": None,
    }


def completion(answer: Answer) -> dict[str, Any]:
    """Return a chat completion."""
    return {
        "id": answer.command_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answer.model,
        "choices": [
            {
                "index": 0,
                "message": _message(answer.text),
                "logprobs": None,
                "finish_reason": answer.last["finishReason"],
            }
        ],
        "usage": _usage(answer.last["usage"]),
        "service_tier": None,
    }


def bench(answer: Answer, seconds: float, systems: dict[str, Any]) -> dict[str, Any]:
    """Return a completion with its figures instead of its usage."""
    figures = answer.last["stats"]
    nodes = [{"node_id": node, "samples": 1, "avg_sys_power": system["sysPower"]} for node, system in systems.items()]
    watts = sum(system["sysPower"] for system in systems.values())
    return {
        **completion(answer),
        "usage": None,
        "generation_stats": {**stream_stats(figures), "peak_memory_usage": figures["peakMemoryUsage"]},
        "power_usage": {
            "elapsed_seconds": seconds,
            "nodes": nodes,
            "total_avg_sys_power_watts": float(watts),
            "total_energy_joules": float(watts * seconds),
        },
    }


def prefill(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return the progress of reading the prompt."""
    return {
        "model": chunk["model"],
        "processed_tokens": chunk["processedTokens"],
        "total_tokens": chunk["totalTokens"],
    }


def delta(command_id: str, chunk: dict[str, Any]) -> dict[str, Any]:
    """Return one piece of a streamed completion; its object is 'chat.completion', not '.chunk'."""
    return {
        "id": command_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": chunk["model"],
        "choices": [
            {
                "index": 0,
                "delta": _message(chunk["text"]),
                "logprobs": None,
                "finish_reason": chunk["finishReason"],
                "usage": None,
            }
        ],
        "usage": _usage(chunk["usage"]),
        "service_tier": None,
    }


def stream_stats(stats: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that end a stream."""
    return {
        "prompt_tps": stats["promptTps"],
        "generation_tps": stats["generationTps"],
        "prompt_tokens": stats["promptTokens"],
        "generation_tokens": stats["generationTokens"],
        "peak_memory_usage": {"in_bytes": stats["peakMemoryUsage"]["inBytes"]},
        "prefix_cache_hit": stats["prefixCacheHit"],
    }


def stream_error(message: str) -> str:
    """Return the error of a stream that had already begun."""
    content = {"message": message, "type": "Internal Server Error", "param": None, "code": 500}
    return json.dumps({"error": content})


def message(answer: Answer) -> dict[str, Any]:
    """Return Anthropic's message."""
    return {
        "id": f"msg_{answer.command_id}",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": answer.text}],
        "model": answer.model,
        "stop_reason": "max_tokens",
        "stop_sequence": None,
        "usage": {"input_tokens": answer.prompt_tokens, "output_tokens": answer.completion_tokens},
    }


def message_events(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Anthropic's message as a stream."""
    empty = {**content, "content": [], "stop_reason": None}
    text = content["content"][0]["text"]
    return [
        {"type": "message_start", "message": empty},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": content["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": content["usage"]["output_tokens"]},
        },
        {"type": "message_stop"},
    ]


def response(answer: Answer) -> dict[str, Any]:
    """Return OpenAI's newer response."""
    return {
        "id": f"resp_{answer.command_id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "model": answer.model,
        "output": [
            {
                "type": "message",
                "id": f"item_{answer.command_id}",
                "role": "assistant",
                "content": [{"type": "output_text", "text": answer.text, "annotations": []}],
                "status": "completed",
            }
        ],
        "output_text": answer.text,
        "usage": {
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answer.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        },
    }


def response_events(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return OpenAI's response as a stream."""
    item = content["output"][0]
    return [
        {"type": "response.created", "response": {**content, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {
            "type": "response.output_text.delta",
            "item_id": item["id"],
            "output_index": 0,
            "content_index": 0,
            "delta": content["output_text"],
        },
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": content},
    ]


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def ollama_chat(answer: Answer) -> dict[str, Any]:
    """Return Ollama's chat answer."""
    return {
        "model": answer.model,
        "created_at": _now(),
        "message": {"role": "assistant", "content": answer.text},
        "done": True,
        "done_reason": "length",
        "prompt_eval_count": answer.prompt_tokens,
        "eval_count": answer.completion_tokens,
    }


def ollama_generate(answer: Answer) -> dict[str, Any]:
    """Return Ollama's answer to a plain prompt."""
    return {
        "model": answer.model,
        "created_at": _now(),
        "response": answer.text,
        "done": True,
        "done_reason": "length",
        "prompt_eval_count": answer.prompt_tokens,
        "eval_count": answer.completion_tokens,
    }


def ollama_lines(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an answer as the two lines of a stream: the text, then its end."""
    first = {**answer, "done": False}
    for name in ("done_reason", "prompt_eval_count", "eval_count"):
        del first[name]
    empty = {"message": {"role": "assistant", "content": ""}} if "message" in answer else {"response": ""}
    return [first, {**answer, **empty}]


def ollama_tag(card: Card) -> dict[str, Any]:
    """Return a model that is on disk."""
    return {
        "name": card["modelId"],
        "model": card["modelId"],
        "modified_at": _now(),
        "size": card["storageSize"]["inBytes"],
        "digest": "sha256:000000000000",
        "details": _details(card),
    }


def _details(card: Card) -> dict[str, Any]:
    return {
        "format": None,
        "family": card["family"] or None,
        "parameter_size": None,
        "quantization_level": card["quantization"] or None,
    }


def ollama_show(card: Card) -> dict[str, Any]:
    """Return what Ollama tells about a model."""
    return {
        "modelfile": f"FROM {card['modelId']}",
        "parameters": None,
        "template": "{{ .Prompt }}",
        "details": _details(card),
        "model_info": None,
    }


def ollama_running(model: str) -> dict[str, Any]:
    """Return a model that has an instance."""
    return {
        "name": model,
        "model": model,
        "size": 0,
        "digest": None,
        "details": None,
        "expires_at": None,
        "size_vram": None,
    }
