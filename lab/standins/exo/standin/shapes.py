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


STOP_REASONS = {"stop": "end_turn", "length": "max_tokens"}
"""What Anthropic calls the end of an answer."""


def message_head(command_id: str, model: str) -> dict[str, Any]:
    """Return Anthropic's message before its first token."""
    return {
        "id": f"msg_{command_id}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": model,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


def message(answer: Answer) -> dict[str, Any]:
    """Return Anthropic's message."""
    return {
        **message_head(answer.command_id, answer.model),
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": STOP_REASONS.get(answer.last["finishReason"]),
        "usage": {"input_tokens": answer.prompt_tokens, "output_tokens": answer.completion_tokens},
    }


def response_text(text: str) -> dict[str, Any]:
    """Return the one part of a response."""
    return {"type": "output_text", "text": text, "annotations": []}


def response_item(command_id: str, text: str, status: str) -> dict[str, Any]:
    """Return the one item of a response."""
    content = [response_text(text)]
    return {"type": "message", "id": f"item_{command_id}", "role": "assistant", "content": content, "status": status}


def response_of(
    command_id: str, model: str, created: int, text: str | None, usage: dict[str, Any] | None
) -> dict[str, Any]:
    """Return OpenAI's newer response; without a text it has only begun."""
    return {
        "id": f"resp_{command_id}",
        "object": "response",
        "created_at": created,
        "status": "in_progress" if text is None else "completed",
        "model": model,
        "output": [] if text is None else [response_item(command_id, text, "completed")],
        "output_text": text or "",
        "usage": usage
        and {
            "input_tokens": usage["promptTokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage["completionTokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage["totalTokens"],
        },
    }


def response(answer: Answer) -> dict[str, Any]:
    """Return a whole response."""
    return response_of(answer.command_id, answer.model, int(time.time()), answer.text, answer.last["usage"])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def ollama(field: str, model: str, text: str, last: dict[str, Any]) -> dict[str, Any]:
    """Return what Ollama answers to the field of a request: a token, or a whole text with how it ended."""
    said = {"message": {"role": "assistant", "content": text}} if field == "messages" else {"response": text}
    line = {"model": model, "created_at": _now(), **said, "done": last.get("finishReason") is not None}
    if not line["done"]:
        return line
    usage = last.get("usage")
    counts = {"prompt_eval_count": usage["promptTokens"], "eval_count": usage["completionTokens"]} if usage else {}
    return {**line, "done_reason": last["finishReason"], **counts}


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
