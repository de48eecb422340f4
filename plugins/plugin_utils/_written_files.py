# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Look at the files of an inventory as they are written: what Ansible passes over in silence or says without a place.

A mistake in YAML or in a vault names its file and line. A key of a group that Ansible skips, and a file of variables
that is nobody's, would leave hosts or values out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import closest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from ansible.parsing.dataloader import DataLoader

_KEYS = ("hosts", "vars", "children")
_SUFFIXES = ("", ".yml", ".yaml", ".json")
_VARIABLES = {"group_vars": "group", "host_vars": "host"}
_BUILT_IN = {"all", "ungrouped"}


def written_faults(sources: Iterable[Path], loader: DataLoader) -> list[str]:
    """Return a sentence for each file that cannot be read, and for each key of a group that means nothing."""
    found: list[str] = []
    for source in sources:
        found += _folder_faults(_beside(source))
        for path in _inventories(source):
            found += _inventory_faults(path, loader, is_named=path == source)
        for path in _variable_files(source):
            found += _read_faults(path, loader)
    return list(dict.fromkeys(found))


def faults_of_all(sources: Iterable[Path], loader: DataLoader) -> list[str]:
    """Return the sentences about variables of the group all, which Ansible reads before the first task of a run."""
    paths = [path for source in sources for path in _variable_files(source)]
    ours = [path for path in paths if (path.parent.name if path.parent.name == "all" else path.stem) == "all"]
    return list(dict.fromkeys(fault for path in ours for fault in _read_faults(path, loader)))


def stray_files(sources: Iterable[Path], groups: Collection[str], hosts: Collection[str]) -> list[str]:
    """Return a sentence for each file of variables whose group or host there is not."""
    known = {"group_vars": {*groups, *_BUILT_IN, *registry().groups}, "host_vars": {*hosts, "localhost"}}
    found = []
    for source in sources:
        for folder, kind in _VARIABLES.items():
            for path in _entries(_beside(source) / folder):
                name = path.name if path.is_dir() else path.stem
                if name not in known[folder]:
                    guess = closest(name, known[folder], 0.7)
                    advice = f"did you mean {guess}?" if guess else "rename it, or remove it."
                    found.append(f"{path}: there is no {kind} {name}, so nobody reads this file; {advice}")
    return list(dict.fromkeys(found))


def _folder_faults(folder: Path) -> Iterator[str]:
    """Find folders that are nearly called like those of variables, which nobody reads."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        guess = closest(path.name, _VARIABLES, 0.85)
        if guess and path.name not in _VARIABLES and path.is_dir():
            yield f"{path}: nobody reads a folder of this name; did you mean {guess}?"


def _beside(source: Path) -> Path:
    return source if source.is_dir() else source.parent


def _entries(folder: Path) -> list[Path]:
    """Return what Ansible reads in a folder."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and not path.name.endswith("~") and (path.is_dir() or path.suffix in _SUFFIXES)
    )


def _inventories(source: Path) -> list[Path]:
    """Return the files of a source that may be inventories; programs are somebody's own."""
    if source.is_file():
        return [source]
    skipped = {*_VARIABLES, "secrets", "ssh"}
    return [path for path in _entries(source) if path.is_file() and path.suffix and path.name not in skipped]


def _variable_files(source: Path) -> Iterator[Path]:
    for folder in _VARIABLES:
        for path in _entries(_beside(source) / folder):
            inside = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (one for one in inside if one.is_file() and one.suffix in _SUFFIXES)


def _read_faults(path: Path, loader: DataLoader) -> Iterator[str]:
    """Read a file of variables as Ansible does."""
    try:
        encrypted = is_encrypted(path.read_bytes())
    except OSError as error:
        yield f"{path} cannot be read: {error.strerror}; correct its rights."
        return
    try:
        content = loader.load_from_file(str(path), cache="all", unsafe=True, trusted_as_template=True)
    except AnsibleError as error:
        if encrypted:
            yield _vault_fault(path, str(error))
            return
        yield _yaml_fault(path) or _ansible_fault(path, error)
        return
    if content is not None and not isinstance(content, Mapping):
        yield f"{path}:1: its content is not a mapping of variables; write each as `name: value`."
    elif content is not None and not encrypted:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        yield from _name_faults(path, root, "variable")


def _name_faults(path: Path, node: yaml.Node | None, kind: str) -> Iterator[str]:
    """Find names that YAML reads as something else than text, such as 7 and on."""
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode) and not key.tag.endswith((":str", ":merge")):
            where = f"{path}:{key.start_mark.line + 1}"
            yield f"{where}: the {kind} {key.value} has a name that is not text; put it in quotes, or rename it."


def _ansible_fault(path: Path, error: AnsibleError) -> str:
    """Say what Ansible does not take although it is YAML, such as a template without quotes."""
    line = getattr(getattr(error, "obj", None), "line_num", None) or 1
    reason = str(error).removeprefix("YAML parsing failed: ").rstrip(".")
    return f"{path}:{line}: it cannot be read: {reason}; correct it."


def _vault_fault(path: Path, error: str) -> str:
    reason = error.rstrip(".")
    if "no vault secrets" in reason or "password must be specified" in reason:
        return f"{path}:1: it is encrypted, and no password of its vault is given; add --ask-vault-pass to the command."
    return f"{path}:1: it is encrypted, and cannot be decrypted: {reason}; give its password, or encrypt it again."


def _inventory_faults(path: Path, loader: DataLoader, *, is_named: bool) -> Iterator[str]:
    """Check an inventory; a foreign file in its folder is passed over."""
    if path.suffix not in _SUFFIXES:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        if is_named:
            yield f"{path} cannot be read as text; write an inventory in YAML, as inventories/example/hosts.yml is."
        return
    if text.startswith(("#!", "$ANSIBLE_VAULT")):
        return
    fault = _yaml_fault(path)
    if fault:
        yield fault
        return
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if is_named and root is not None and not isinstance(root, yaml.MappingNode):
        yield f"{path}:1: it is not an inventory in YAML; begin with a copy of inventories/example/hosts.yml."
    if isinstance(root, yaml.MappingNode) and (is_named or _is_inventory(root)):
        try:
            loader.load_from_file(str(path), cache="none")
        except AnsibleError as error:
            yield _ansible_fault(path, error)
            return
        for key, value in root.value:
            yield from _group_faults(path, str(key.value), value)


def _yaml_fault(path: Path) -> str:
    """Say where a file is not YAML, or has a key twice; nothing where neither is so."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return f"{path}:{line}: it is not valid YAML: {error.problem or error.context}; correct it."
    except (yaml.YAMLError, UnicodeDecodeError):
        return f"{path}:1: it has a character that YAML does not know; write it in UTF-8."
    return _key_twice(path, root) if root is not None else ""


def _key_twice(path: Path, node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return next(filter(None, (_key_twice(path, member) for member in node.value)), "")
    if not isinstance(node, yaml.MappingNode):
        return ""
    lines: dict[Any, int] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else id(key)
        before = lines.setdefault(name, key.start_mark.line + 1)
        if before != key.start_mark.line + 1 and name != "<<":
            return f"{path}:{key.start_mark.line + 1}: {name} is there twice, also in line {before}; keep one."
        if inner := _key_twice(path, value):
            return inner
    return ""


def _is_inventory(root: yaml.MappingNode) -> bool:
    """Tell whether a mapping looks like groups: one of them has a key that groups have."""
    groups = [value for _, value in root.value if isinstance(value, yaml.MappingNode)]
    return any(closest(str(key.value), _KEYS, 0.7) for group in groups for key, _ in group.value)


def _group_faults(path: Path, name: str, node: yaml.Node) -> Iterator[str]:
    if not isinstance(node, yaml.MappingNode):
        if not (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            where = f"{path}:{node.start_mark.line + 1}"
            yield f"{where}: the group {name} is not a mapping; write hosts, vars or children in it."
        return
    for key, value in node.value:
        where = f"{path}:{key.start_mark.line + 1}"
        if key.value not in _KEYS:
            guess = closest(str(key.value), _KEYS, 0.6)
            advice = f"did you mean {guess}?" if guess else f"write it in vars or children of {name}."
            yield f"{where}: the group {name} has {key.value}, which Ansible skips; {advice}"
        elif isinstance(value, yaml.MappingNode):
            yield from _name_faults(path, value, {"hosts": "host", "vars": "variable"}.get(key.value, "group"))
            if key.value == "hosts":
                yield from _host_faults(path, value)
            if key.value == "children":
                for child, content in value.value:
                    yield from _group_faults(path, str(child.value), content)
        elif not (isinstance(value, yaml.ScalarNode) and value.tag.endswith(":null")):
            yield f"{where}: {key.value} of the group {name} is not a mapping; write each line of it as `name:`."


def _host_faults(path: Path, hosts: yaml.MappingNode) -> Iterator[str]:
    for host, variables in hosts.value:
        if isinstance(variables, yaml.MappingNode):
            yield from _name_faults(path, variables, "variable")
        elif not (isinstance(variables, yaml.ScalarNode) and variables.tag.endswith(":null")):
            where = f"{path}:{host.start_mark.line + 1}"
            yield f"{where}: the host {host.value} is not a mapping; write its variables below it, as `ansible_host:`."
