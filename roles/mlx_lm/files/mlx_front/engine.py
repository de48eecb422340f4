# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""mlx_lm's generator with limits, and the proof that it can answer, measured in the service's own process."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import mlx.core as mx
from mlx_lm import server

from . import dialect

if TYPE_CHECKING:
    from .figures import Figures


class TooLong(Exception):  # noqa: N818 - a reason
    """Carries a refusal out of the generator's thread, which stops at nothing less than an Exception."""

    def __init__(self, refused: dialect.Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


class Engine(server.ResponseGenerator):
    """Answers from one model alone, and no longer than its context."""

    def __init__(self, provider: Any, cache: Any, context: int | None) -> None:
        self.context = context
        self._answering: dict[int, Any] = {}
        self._lock = threading.Lock()
        super().__init__(provider, cache)

    def _tokenize(self, tokenizer: Any, request: Any, args: Any) -> Any:
        found = super()._tokenize(tokenizer, request, args)
        if self.context is None:
            self.context = model_context(self.model_provider.model, tokenizer)
        try:
            args.max_tokens = dialect.fit(len(found[0]), args.max_tokens, self.context)
        except dialect.Refused as refused:
            raise TooLong(refused) from None
        return found

    def generate(self, request: Any, generation_args: Any, progress_callback: Any = None) -> Any:
        """Answer from the model that is loaded, whatever the request calls it."""
        generation_args.model.model = generation_args.model.draft = "default_model"
        generation_args.model.adapter = None
        context, tokens = super().generate(request, generation_args, progress_callback)
        return context, self._registered(context, tokens)

    def _registered(self, context: Any, tokens: Any) -> Any:
        with self._lock:
            self._answering[id(context)] = context
        try:
            yield from tokens
        finally:
            with self._lock:
                self._answering.pop(id(context), None)

    def end(self) -> None:
        """Stop every answer and let the model go."""
        with self._lock:
            contexts = list(self._answering.values())
        for context in contexts:
            context.stop()
        self.stop_and_join()
        mx.clear_cache()


def model_context(model: Any, tokenizer: Any) -> int:
    """Return the model's own context in tokens."""
    asked = getattr(getattr(model, "args", None), "max_position_embeddings", None)
    own = getattr(tokenizer, "model_max_length", None)
    known = [int(value) for value in (asked, own) if isinstance(value, (int, float)) and 0 < value < 10**9]
    return min(known) if known else 32768


def prove(engine: Engine, figures: Figures) -> None:
    """Generate one token, which also loads the model; raise what went wrong."""
    begin = time.monotonic()
    arguments = server.GenerationArguments(
        model=server.ModelDescription(model="default_model", draft="default_model", adapter=None),
        sampling=server.SamplingArguments(0.0, 1.0, 0, 0.0, 0.0, 0.1),
        logits=server.LogitsProcessorArguments(None, 0.0, 20, 0.0, 20, 0.0, 20),
        stop_words=[],
        max_tokens=1,
        num_draft_tokens=0,
        logprobs=False,
        top_logprobs=-1,
        seed=None,
        chat_template_kwargs=None,
    )
    context, tokens = engine.generate(server.CompletionRequest("text", "1", [], None, None), arguments)
    figures.loaded, figures.load_seconds = True, time.monotonic() - begin
    try:
        figures.proved = next(iter(tokens), None) is not None
    finally:
        context.stop()
    if not figures.proved:
        raise RuntimeError("the model generated no token")


def device() -> dict[str, Any]:
    """Return what computes, proved by a product of two matrices."""
    product = mx.matmul(mx.ones((64, 64)), mx.ones((64, 64)))
    mx.eval(product)
    works = product[0, 0].item() == 64
    information = {key: value for key, value in mx.device_info().items() if isinstance(value, (str, int))}
    metal = mx.metal.is_available() and mx.default_device() == mx.gpu
    return {
        "metal": bool(metal and works),
        "works": bool(works),
        "device": str(information.get("device_name") or information.get("architecture") or "unknown"),
        "memory_bytes": int(information.get("max_recommended_working_set_size") or 0),
        # What this Python was built for, whatever the system says it is.
        "system": sys.platform,
    }
