# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Work a value out once for all hosts whose variables make it the same.

Most of what an inventory says is said for a group, and to compile and fill a template takes longer than everything else
that is done with a value. A value is the same where all variables that it names, and those that these name, are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible.template import Templar

_ELSEWHERE = {"lookup", "q", "query", "now", "ansible_facts", "vars", "omit", "undef"}
"""What a template calls to get something that is in no variable, or in variables that it does not name."""
_CHANCE = {"random", "shuffle", "random_mac"}
"""Filters whose answers differ from time to time."""
_SAME_FOR_ALL = {"hostvars", "groups"}
_PLAIN = (str, int, float, bool, type(None))
_UNSET = object()


class WorkedOut:
    """What was worked out so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._environment = jinja2.Environment(autoescape=False)  # noqa: S701 - it reads templates and fills none
        self._names: dict[Any, frozenset[str] | None] = {}
        self._results: dict[Any, Any] = {}
        # What is known by its place in memory must not leave it to something else.
        self._kept: dict[int, Any] = {}

    def template(self, value: Any, variables: Mapping[str, Any], templar: Templar) -> Any:
        """Return a value with its templates filled from the variables, which are those of the templar too."""
        key = self._key(value, variables)
        if key is None:
            return templar.template(value)
        if key not in self._results:
            self._results[key] = templar.template(value)
        return self._results[key]

    def _key(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """Return what a result follows from; nothing where that cannot be told."""
        found: dict[str, Any] = {}
        waiting = [value]
        while waiting:
            names = self._named(waiting.pop())
            if names is None:
                return None
            for name in names - found.keys() - _SAME_FOR_ALL:
                member = variables.get(name, _UNSET)
                found[name] = self._identity(member)
                waiting.append(member)
        return self._identity(value), tuple(sorted(found.items(), key=lambda pair: pair[0]))

    def _identity(self, value: Any) -> Any:
        if isinstance(value, _PLAIN):
            return type(value), value
        self._kept[id(value)] = value
        return id(value)

    def _named(self, value: Any) -> frozenset[str] | None:
        """Return the variables that the templates in a value name; nothing where it may depend on others."""
        key = self._identity(value)
        if key not in self._names:
            self._names[key] = self._look(value)
        return self._names[key]

    def _look(self, value: Any) -> frozenset[str] | None:
        names: set[str] = set()
        for text in _texts(value):
            try:
                tree = self._environment.parse(text)
            except jinja2.TemplateSyntaxError:
                return None
            if any(one.name.rpartition(".")[2] in _CHANCE for one in tree.find_all(nodes.Filter)):
                return None
            # Also names that a loop gives itself, which are no variables: they do no harm. Filters are not looked up.
            names |= {one.name for one in tree.find_all(nodes.Name)}
        return None if names & _ELSEWHERE else frozenset(names)


def _texts(value: Any) -> Iterator[str]:
    """Return every text that may be a template."""
    if isinstance(value, Mapping):
        for pair in value.items():
            yield from _texts(pair)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, str) and "{" in value:
        yield value
