# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The tags of a run: which ones the plays know, and which roles they mean."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from ansible.module_utils.common.yaml import SafeLoader
from ansible.utils.collection_loader._collection_finder import _get_collection_playbook_path
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import ROOT, registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PLAYBOOKS = ROOT / "playbooks"
_MOLECULE = frozenset({"molecule-notest", "notest", "molecule-idempotence-notest"})
SPECIAL = frozenset({"all", "always", "never", "none", "tagged", "untagged"}) | _MOLECULE
"""Tags that mean something to Ansible itself, and those that molecule always skips."""

_VERIFY = "verify"
_EVERYTHING = frozenset({"all", "tagged"})
_REPORTED = _EVERYTHING | {"always", _VERIFY}
"""What shows the lines of a capability, whether or not the run applies it."""
_IMPORTS = ("import_playbook", "ansible.builtin.import_playbook")


class _Loader(SafeLoader):
    """Reads a playbook for its tags alone: values of Ansible's own types are left out."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def _listed(tags: Any) -> list[str]:
    """Return tags as Ansible reads them: a list, or words with commas between them."""
    listed = [str(tag) for tag in (tags if isinstance(tags, list) else [tags]) if tag is not None]
    return [part.strip() for tag in listed for part in ([tag] if "{{" in tag else tag.split(","))]


@dataclass
class KnownTags:
    """What the playbooks of a run are tagged with."""

    tags: set[str] = field(default_factory=set)
    complete: bool = True
    """Whether that is all: a playbook of somebody else may include files that bear further tags."""

    def add(self, path: Path, seen: set[Path]) -> None:
        """Read a playbook and those it imports."""
        path = path.resolve()
        if path in seen:
            return
        seen.add(path)
        self.complete = self.complete and path.is_relative_to(ROOT)
        try:
            plays = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
        except (OSError, ValueError, yaml.YAMLError):
            plays = None
        if not isinstance(plays, list):
            self.complete = False
            return
        ours = path.is_relative_to(ROOT)
        for tags, imported in _tagged(plays):
            self.tags.update(tag for tag in tags if "{{" not in tag)
            computed = [tag for tag in tags if "{{" in tag]
            # Ours choose between tags that are written out; somebody else's may be anything.
            self.tags.update(*(re.findall(r"'(\w+)'", tag) for tag in computed if ours))
            self.complete = self.complete and (ours or not computed)
            if imported:
                self.add(_find(imported, path.parent), seen)


def _tagged(value: Any) -> Iterator[tuple[list[str], str | None]]:
    """Yield the tags, and the imported playbook, of every play, role, block and task."""
    if isinstance(value, list):
        for member in value:
            yield from _tagged(member)
    elif isinstance(value, dict):
        imported = next((value[name] for name in _IMPORTS if name in value), None)
        yield _listed(value.get("tags")), imported
        for name, member in value.items():
            if name not in ("vars", "tags"):
                yield from _tagged(member)


def _find(name: str, folder: Path) -> Path:
    """Return where a playbook lies, which may be named as part of a collection."""
    resource = _get_collection_playbook_path(name)
    return Path(resource[1]) if resource else folder / name


def known_tags(playbooks: Iterable[str]) -> KnownTags:
    """Collect the tags of the playbooks named on the command line."""
    known, seen = KnownTags(), set[Path]()
    for name in playbooks:
        known.add(_find(name, Path.cwd()), seen)
    known.complete = known.complete and bool(seen)
    if _VERIFY in known.tags:
        # It shows the lines of every capability that has checks.
        known.tags.update(*(one.tags for one in registry().capabilities.values() if one.checks))
    return known


def unknown_tags(given: Iterable[str], playbooks: Iterable[str]) -> list[str]:
    """Say of each given tag that no play bears what was probably meant."""
    wanted = sorted(tag for tag in set(given) - SPECIAL if tag)
    known = known_tags(playbooks) if wanted else KnownTags()
    names = sorted(known.tags - SPECIAL)
    sentences = []
    for tag in wanted:
        # Tags of somebody else's playbook can be anywhere; one that is nearly ours is a slip all the same.
        near = _near(tag, names) if known.complete else difflib.get_close_matches(tag, names, n=3, cutoff=0.8)
        if tag not in names and (near or known.complete):
            sentences.append(f"{tag} is a tag of no play in this run; {_advice(tag, near, names)}")
    return sentences


def _near(tag: str, names: list[str]) -> list[str]:
    """Return the tags that somebody may have meant, the nearest first."""
    word = tag.lower().replace("-", "_")
    if word in names:
        return [word]
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    return close or [name for name in names if len(word) > 2 and (word in name or name in word)][:3]


def _advice(tag: str, near: list[str], names: list[str]) -> str:
    elsewhere = [path.name for path in sorted(PLAYBOOKS.glob("*.yml")) if tag in _tags_of(path)]
    if elsewhere:
        return f"it is one of playbooks/{elsewhere[0]}."
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"write one of {enumerate_names(names)}." if names else "remove it."


@cache
def _tags_of(path: Path) -> frozenset[str]:
    known = KnownTags()
    known.add(path, set())
    return frozenset(known.tags)


def is_applied(capability: str, run_tags: Iterable[str], skip_tags: Iterable[str]) -> bool:
    """Tell whether a run with these tags brings a capability."""
    return _chooses(_EVERYTHING, capability, run_tags, skip_tags)


def is_chosen(capability: str, run_tags: Iterable[str], skip_tags: Iterable[str]) -> bool:
    """Tell whether a run with these tags is about a capability."""
    return _chooses(_REPORTED, capability, run_tags, skip_tags)


def _chooses(everything: frozenset[str], capability: str, run_tags: Iterable[str], skip_tags: Iterable[str]) -> bool:
    known = registry().capabilities.get(capability)
    tags = known.tags if known else frozenset({capability})
    return bool(set(run_tags) & (tags | everything)) and not set(skip_tags) & (tags | {"all"})
