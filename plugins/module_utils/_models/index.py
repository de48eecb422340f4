# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The index of a model in several safetensors files: it names each of them that is there, and none that is not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection

NAME = "model.safetensors.index.json"
SUFFIX = ".safetensors.index.json"
_SHARD = re.compile(r"-\d+-of-\d+\.safetensors")


def shards(content: bytes, name: str = NAME) -> set[str]:
    """Return the files that an index names.

    :raises ModelError: it cannot be read
    """
    try:
        found = set(json.loads(content)["weight_map"].values())
    except (AttributeError, KeyError, TypeError, ValueError):
        found = set()
    if not found or not all(isinstance(one, str) for one in found):
        raise ModelError(f"{text.name(name)} names no files of weights: it is damaged.")
    return found


def problems(content: bytes | None, present: Collection[str], name: str = NAME) -> list[str]:
    """Compare an index, or None where there is none, with the safetensors files beside it; return sentences."""
    if content is None:
        split = [one for one in present if _SHARD.search(one)]
        return (
            [f"{text.names(split)} are parts of a model without {name}, which says what belongs together."]
            if split
            else []
        )
    try:
        named = shards(content, name)
    except ModelError as error:
        return [str(error)]
    found = []
    if named - set(present):
        found.append(f"{name} names {text.names(named - set(present))}, which is not there.")
    if set(present) - named:
        found.append(
            f"{name} does not name {text.names(set(present) - named)}, which is there: it is of another revision."
        )
    return found
