# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Ollama takes for the name of a model, and where it keeps what has that name."""

from __future__ import annotations

import re

REGISTRY, NAMESPACE, TAG = "registry.ollama.ai", "library", "latest"
"""What a name means that does not say."""
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
_NAMESPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")


def place(name: str) -> str | None:
    """Return where the manifest of a name lies below manifests, or None where Ollama takes no such name."""
    before, slash, model = name.rpartition("/")
    namespace = before if slash else NAMESPACE
    model, colon, tag = model.partition(":")
    tag = tag if colon else TAG
    if not _NAMESPACE.fullmatch(namespace) or not _PART.fullmatch(model) or not _PART.fullmatch(tag):
        return None
    return "/".join((REGISTRY, namespace, model, tag))


def shown(path: str) -> str:
    """Return the shortest name of what lies at a place."""
    registry, namespace, model, tag = path.split("/")
    long = "/".join(part for part, usual in ((registry, REGISTRY), (namespace, NAMESPACE)) if part != usual)
    return f"{long}/{model}:{tag}" if long else f"{model}:{tag}"
