# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which files of a repository a model needs."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _tree_rules
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import index, manifest, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.hub import Listed

SERVING = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.tiktoken", "tokenizer.model", "LICENSE*", "NOTICE*")
"""What serving a safetensors model needs, in the top folder alone; programs of a repository are not fetched."""


def matches(path: str, pattern: str) -> bool:
    """Tell whether a pattern means a file; `*` does not reach into folders."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def is_hidden(path: str) -> bool:
    """Tell whether a file, or a folder on the way to it, is hidden: side files of macOS are, and what git keeps."""
    return any(part.startswith(".") for part in path.split("/"))


def choose(
    listed: Sequence[Listed], patterns: Sequence[str], what: str, content: Callable[[str], bytes]
) -> list[Listed]:
    """Return the files that patterns mean, or without any those that serving needs.

    `what` names the repository in sentences, `content` returns a small file of it.

    :raises ModelError: a pattern means no file, or names are not valid in a folder
    """
    if patterns:
        empty = [pattern for pattern in patterns if not any(matches(file.path, pattern) for file in listed)]
        if empty:
            there = text.names(file.path for file in listed)
            raise ModelError(f"{what} has no file {', '.join(empty)}; it has {there}: correct its files.")
        chosen = [file for file in listed if any(matches(file.path, pattern) for pattern in patterns)]
    else:
        chosen = _for_serving(listed, what, content)
    judge((file.path for file in chosen), what)
    return sorted(chosen, key=lambda file: file.path)


def _for_serving(listed: Sequence[Listed], what: str, content: Callable[[str], bytes]) -> list[Listed]:
    """Return what serving needs: of the weights those that the index names, or all where there is none."""
    chosen = [file for file in listed if any(matches(file.path, pattern) for pattern in SERVING)]
    weights = {file.path for file in chosen if file.path.endswith(".safetensors")}
    if not weights:
        raise ModelError(f"{what} has no safetensors files: write its files, or take a repository that has some.")
    indexes = {file.path for file in chosen if file.path.endswith(index.SUFFIX)}
    if index.NAME not in indexes:
        return chosen
    named = index.shards(content(index.NAME), index.NAME)
    if named - weights:
        raise ModelError(f"{index.NAME} of {what} names {text.names(named - weights)}, which the repository lacks.")
    unwanted = (weights - named) | (indexes - {index.NAME})
    return [file for file in chosen if file.path not in unwanted]


def judge(paths: Iterable[str], what: str) -> None:
    """Refuse names that lead out of the folder or are one on a Mac.

    :raises ModelError: there is such a name
    """
    entries = []
    for path in paths:
        manifest.check_path(path)
        if is_hidden(path):
            raise ModelError(
                f"{what} holds {text.name(path)}, a hidden file, which no model needs: leave it out of its files."
            )
        entries.append(_tree_rules.Entry(f"model/{path}", _tree_rules.FILE))
    try:
        _tree_rules.judge(entries)
    except _tree_rules.TreeError as error:
        raise ModelError(f"{what} {error}.") from None
