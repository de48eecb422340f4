# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The places that every entry of capabilities.yml needs and that nothing writes for it: those that are missing."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _capabilities
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import Registry

SITE = "playbooks/site.yml"
CHECKS = "checks.yml"
DONE = "__cluster_checked"
IMPORT = "ansible.builtin.import_playbook"
UNINSTALL = "playbooks/uninstall.yml"
EXAMPLE = "inventories/example/hosts.yml"
UIDS = range(450, 500)
OTHER_ROLES = {"bootstrap", "cluster", "cluster_values", "preflight", "uninstall", "validate", "verify"}


def problems(root: Path) -> list[str]:
    """Return what a tree lacks."""
    registry = _capabilities.parse(_load(root / _capabilities.FILE))
    rules = (_plays, _checks, _removal, _order, _roles, _numbers, _scenarios, _example)
    return [sentence for rule in rules for sentence in rule(root, registry)]


def _load(path: Path) -> Any:
    return _parsed(path.read_text(encoding="utf-8")) if path.exists() else None


@cache
def _parsed(text: str) -> Any:
    """Parse a file once: trees differ in one of them. Nobody changes what is returned."""
    return yaml.safe_load(text)


def _plays(root: Path, registry: Registry) -> Iterator[str]:
    for one in registry.capabilities.values():
        name = f"playbooks/{one.playbook}.yml"
        plays = _load(root / name) or []
        found = [(play, tags) for play in plays for role, tags in applied(play) if role == one.name]
        if not found:
            yield f"{name} applies no role {one.name}."
        for play, tags in found:
            if play["hosts"] != one.hosts:
                yield f"{name} applies the role {one.name} to {play['hosts']} instead of {one.hosts}."
            if tags != one.tags:
                yield f"{name} runs the role {one.name} with other tags than {' and '.join(sorted(one.tags))}."
    known = set(registry.capabilities)
    for path in sorted((root / "playbooks").glob("*.yml")):
        for play in _load(path):
            for role, tags in applied(play):
                if role not in {*known, *OTHER_ROLES} and tags.isdisjoint({"always", "bootstrap"}):
                    yield f"capabilities.yml has no entry for the role {role}, which playbooks/{path.name} applies."


def _checks(root: Path, registry: Registry) -> Iterator[str]:
    """Yield the playbooks that do not look first when they are run alone, or that look again in site.yml."""
    site = {play[IMPORT]: play.get("vars", {}) for play in _load(root / SITE)}
    for name in sorted({f"{one.playbook}.yml" for one in registry.capabilities.values()}):
        plays = _load(root / "playbooks" / name) or [{}]
        if plays[0].get(IMPORT) != CHECKS:
            yield f"playbooks/{name} does not import {CHECKS} first."
        if name in site and site[name].get(DONE) is not True:
            yield f"{SITE} does not tell {name} that the checks are done, with vars: {{{DONE}: true}}."


def _removal(root: Path, registry: Registry) -> Iterator[str]:
    removed = [role for play in _load(root / UNINSTALL) or [] for role, _ in applied(play)]
    for one in registry.capabilities.values():
        if f"{one.name}_state" in (_load(root / f"roles/{one.name}/defaults/main.yml") or {}):
            if one.name not in removed:
                yield f"{UNINSTALL} does not remove {one.name}."
            for before in one.after:
                if before in removed and one.name in removed and removed.index(before) < removed.index(one.name):
                    yield f"{UNINSTALL} removes {before} before {one.name}, which needs it."


def _order(root: Path, registry: Registry) -> Iterator[str]:
    imported = [play[IMPORT] for play in _load(root / SITE)]
    order = [role for name in imported for play in _load(root / "playbooks" / name) or [] for role, _ in applied(play)]
    for one in registry.capabilities.values():
        if one.name not in order:
            yield f"{SITE} does not import {one.playbook}.yml with the role {one.name}."
            continue
        for before in one.after:
            if before in order and order.index(before) > order.index(one.name):
                yield f"{SITE} applies {before} after {one.name}, which needs it."


def _roles(root: Path, registry: Registry) -> Iterator[str]:
    for one in registry.capabilities.values():
        for name in ("tasks/main.yml", "meta/argument_specs.yml"):
            if not (root / "roles" / one.name / name).exists():
                yield f"roles/{one.name}/{name} is missing."
        variables = root / f"roles/{one.name}/vars/main.yml"
        text = variables.read_text(encoding="utf-8") if variables.exists() else ""
        if one.checks and not re.search(rf"^__{one.name}_report:", text, re.MULTILINE):
            yield f"roles/{one.name}/vars/main.yml has no __{one.name}_report, its checks."
    known = {*registry.capabilities, *registry.building_blocks, *OTHER_ROLES}
    for path in sorted(root.glob("roles/*/")):
        if path.name not in known:
            yield f"capabilities.yml has no entry for the role {path.name}."


def _numbers(root: Path, registry: Registry) -> Iterator[str]:
    taken: dict[int, str] = {}
    for one in registry.capabilities.values():
        default = (_load(root / f"roles/{one.name}/defaults/main.yml") or {}).get(f"{one.name}_uid")
        if default != one.uid:
            yield f"{one.name}_uid is {default} in the role and {one.uid} in capabilities.yml."
        if one.uid is None:
            continue
        if one.uid in taken:
            yield f"{one.name} and {taken[one.uid]} have the same uid, {one.uid}."
        if one.uid not in UIDS:
            yield f"The uid of {one.name}, {one.uid}, is not between {UIDS.start} and {UIDS.stop - 1}."
        taken[one.uid] = one.name


def _scenarios(root: Path, registry: Registry) -> Iterator[str]:
    for name in (*registry.capabilities, *registry.building_blocks):
        scenario = root / "molecule" / name
        if name in registry.building_blocks and not scenario.exists():
            continue
        for file in ("molecule.yml", "values.yml"):
            if not (scenario / file).exists():
                yield f"molecule/{name}/{file} is missing."
        if not list(scenario.glob("tests/test_*.py")):
            yield f"molecule/{name}/tests has no test."


def _example(root: Path, registry: Registry) -> Iterator[str]:
    text = (root / EXAMPLE).read_text(encoding="utf-8")
    for group in registry.groups.values():
        if not re.search(rf"^ *(# *)?{group.name}:$", text, re.MULTILINE):
            yield f"{EXAMPLE} does not show the group {group.name}."
