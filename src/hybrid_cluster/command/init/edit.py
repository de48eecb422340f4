# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Change a value in a YAML text and leave everything else as somebody wrote it, comments and all.

YAML's own positions say where a value stands. What comes out is read again and compared with what was wanted, so that
a form of YAML that is not foreseen here is refused instead of spoilt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from hybrid_cluster.command import exits
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Path = Sequence[str]
    """The keys that lead to a value."""

_STEP = 2


class _Loader(yaml.SafeLoader):
    """Reads values of any tag, such as those of a vault, as the text that they are."""


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_Loader.add_multi_constructor("!", _untagged)


def load(text: str) -> Any:
    """Return what a text says.

    :raises yaml.YAMLError: it cannot be read as YAML
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe one, which reads unknown tags as text


def value_at(document: Any, path: Path) -> Any:
    """Return a value, or None where there is none."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def has(document: Any, path: Path) -> bool:
    """Tell whether the last key is there, whatever its value."""
    parent = value_at(document, path[:-1])
    return isinstance(parent, dict) and path[-1] in parent


def set_value(text: str, path: Path, value: Any) -> str:
    """Return the text with a value in place of the one that is there, or added where there is none."""
    key, node = _find(_root(text), path)
    if key is None or node is None:
        changed = _add(text, path, value)
    else:
        colon = text.index(":", key.end_mark.index) + 1
        stop = _end(node)
        # The end of a block of text is the beginning of the line below.
        stop -= text[stop - 1] == "\n"
        column = _column(key)
        between = text[colon : node.start_mark.index]
        comment = f"  {between.strip().splitlines()[0]}" if between.strip().startswith("#") else ""
        changed = text[:colon] + _after_key(value, column, comment) + text[max(colon, stop) :]
    return _checked(text, changed, path, value)


def keep_items(text: str, path: Path, kept: Sequence[bool], added: Sequence[Any]) -> str:
    """Return the text with some members of a list taken out, each with its line, and others at its end."""
    _, node = _find(_root(text), path)
    wanted = [one for one, stays in zip(value_at(load(text), path) or [], kept, strict=True) if stays] + list(added)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value or not wanted or not any(kept):
        return set_value(text, path, wanted)
    lines = text.splitlines(keepends=True)
    spans = [(item.start_mark.line, _line(text, _end(item))) for item in node.value]
    last = max(stop for (_, stop), stays in zip(spans, kept, strict=True) if stays)
    gone = {n for (first, stop), stays in zip(spans, kept, strict=True) if not stays for n in range(first, stop + 1)}
    indent = " " * node.start_mark.column
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    new = [f"{indent}- {_flow(one)}\n" for one in added]
    changed = "".join(
        part for n, line in enumerate(lines) for part in [*([] if n in gone else [line]), *(new if n == last else [])]
    )
    return _checked(text, changed, path, wanted)


def _root(text: str) -> yaml.Node | None:
    return yaml.compose(text, _Loader)


def _find(node: yaml.Node | None, path: Path) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Return the key and the value that a path leads to."""
    key: yaml.Node | None = None
    for word in path:
        if not isinstance(node, yaml.MappingNode):
            return None, None
        key, node = next(((one, value) for one, value in node.value if one.value == word), (None, None))
    return key, node


def _end(node: yaml.Node) -> int:
    """Return where the text of a value ends; a block's own mark is where the next one begins, behind comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, value = last if isinstance(last, tuple) else (last, last)
        return max(_end(key), _end(value))
    return int(node.end_mark.index)


def _line(text: str, index: int) -> int:
    """Return the number of a line; the end of a block of text is the beginning of the line below."""
    return text.count("\n", 0, index - 1 if index and text[index - 1] == "\n" else index)


def _column(node: yaml.Node) -> int:
    return int(node.start_mark.column)


def _add(text: str, path: Path, value: Any) -> str:
    """Add the part of a path that is missing below the part that is there."""
    root = _root(text)
    depth = next(n for n in range(len(path) - 1, -1, -1) if n == 0 or _find(root, path[:n])[1] is not None)
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    above, node = _find(root, path[:depth]) if depth else (None, root)
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        column, at = _column(node.value[0][0]), _end(node)
        at = text.find("\n", at - 1 if text[at - 1] == "\n" else at)
        head, rest = (text + "\n", "") if at < 0 else (text[: at + 1], text[at + 1 :])
        return f"{head}{' ' * column}{_scalar(path[depth])}:{_after_key(value, column)}\n{rest}"
    if (
        above is not None
        and node is not None
        and (not node.value or load(text[node.start_mark.index : _end(node)]) is None)
    ):
        return set_value(text, path[:depth], {path[depth]: value})
    if above is None and (node is None or not node.value):
        return f"{text.rstrip()}\n{_scalar(path[depth])}:{_after_key(value, 0)}\n".lstrip()
    raise ClusterError(_refusal(path), exits.INVENTORY)


def _after_key(value: Any, column: int, comment: str = "") -> str:
    """Write what follows a key and its colon, without the end of the last line."""
    if isinstance(value, (dict, list)) and value:
        return comment + "".join(f"\n{line}" for line in block(value, column + _STEP))
    return f" {_flow(value)}{comment}" if value is not None else comment


def block(value: dict[str, Any] | list[Any], column: int) -> list[str]:
    """Return the lines of a value: members of a list and innermost mappings of numbers stand in one line."""
    indent = " " * column
    if isinstance(value, list):
        return [line for one in value for line in _member(one, indent, column)]
    lines = []
    for key, one in value.items():
        lines += f"{indent}{_scalar(key)}:{_after_key(one, column)}".split("\n")
    return lines


def _member(one: Any, indent: str, column: int) -> list[str]:
    """Return the lines of a member of a list: in one line unless it has mappings or lists in it."""
    if not isinstance(one, dict) or not any(isinstance(part, (dict, list)) for part in one.values()):
        return [f"{indent}- {_flow(one)}"]
    first, *rest = block(one, column + _STEP)
    return [f"{indent}- {first.lstrip()}", *rest]


def _flow(value: Any) -> str:
    """Write a value in one line."""
    if isinstance(value, (dict, list)):
        return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6).strip()
    return _scalar(value)


def _scalar(value: Any) -> str:
    return yaml.safe_dump(value, width=10**6, allow_unicode=True).removesuffix("\n...\n").strip()


def _checked(before: str, after: str, path: Path, value: Any) -> str:
    """Return the new text where it says what was wanted and everything else that it said before."""
    expected = _with(load(before), path, value)
    try:
        is_right = load(after) == expected
    except yaml.YAMLError:
        is_right = False
    if not is_right:
        raise ClusterError(_refusal(path), exits.INVENTORY)
    return after


def _with(document: Any, path: Path, value: Any) -> Any:
    """Return a document with a value, and leave alone what several places of the old one share."""
    if not path:
        return value
    old = document if isinstance(document, dict) else {}
    return {**old, path[0]: _with(old.get(path[0]), path[1:], value)}


def _refusal(path: Path) -> str:
    return f"{'.'.join(path)} is written in a form that this command does not change; write it as the example has it."
