# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a model answers: it is asked for one token, because no list and no health check of a backend says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import answers, instances, requests
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Backend, Form
from hybrid_cluster.gateway.streams.relay import About

if TYPE_CHECKING:
    from hybrid_cluster.gateway.backends import Backends
    from hybrid_cluster.gateway.instances import Instances
    from hybrid_cluster.gateway.routes import Member, Model

# A word, for a model that answers nothing where there is nothing.
_WORD = "Hi"


class Prover:
    """Asks members for tokens."""

    def __init__(self, backends: Backends, placed: Instances) -> None:
        self._backends = backends
        self._instances = placed

    async def complaint(self, member: Member, model: Model, hosts: int, within: float) -> str:
        """Return why a model does not answer yet; nothing where it does.

        An instance of exo's needs all of its hosts, and is placed again where somebody has to.
        """
        try:
            if member.backend is Backend.EXO:
                await self._instances.ready(member, hosts)
            path, form, fields = question(member, model)
            if form is None:
                await self._backends.probe(member, path, None, within)
                return ""
            raw = await self._backends.probe(member, path, requests.encode(fields), within)
            about = About(model.name, str(member.backend), "proof")
            answers.check(form, answers.parse(raw, about), about)
        except instances.NotPlaced as error:
            return str(error)
        except Failure as failure:
            return failure.message
        except (AttributeError, KeyError, TypeError, ValueError):
            # A shape that nobody expects is not a valid answer, wherever it is odd.
            return f"{member.backend} sent something that is not a valid answer."
        return ""


def question(member: Member, model: Model) -> tuple[str, Form | None, dict[str, Any]]:
    """Return the shortest question that only the model can answer; without a form, whether its backend is there."""
    if "embedding" in model.capabilities:
        return "/v1/embeddings", Form.EMBEDDINGS, {"model": member.model, "input": _WORD, "encoding_format": "float"}
    if "rerank" in model.capabilities:
        return "/v1/rerank", Form.RERANK, {"model": member.model, "query": _WORD, "documents": [_WORD]}
    if "audio" in model.capabilities:
        # Nothing short can be heard.
        return "/v1/models", None, {}
    messages = [{"role": "user", "content": _WORD}]
    fields = {"model": member.model, "messages": messages, "max_tokens": 1, "stream": False}
    return "/v1/chat/completions", Form.CHAT, fields
