# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about the entries of the table of models: their names, and where their files come from."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import (
    BACKENDS,
    CHOOSY_OPTIONS,
    FORMS,
    Model,
    read_models,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

TABLE = "cluster_models"
_NAME = re.compile(r"(?!.*(?://|/$))[A-Za-z0-9][A-Za-z0-9._:/-]{0,62}")
_PART = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_PARTS = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_AT_LEAST = {"min_nodes": 1, "context": 1, "parallel": 1, "memory_gigabytes": 0, "disk_gigabytes": 0}
"""Numbers that are this at least, and more than it where it is 0."""


def models_of(inventory: Inventory) -> list[Model]:
    """Return the entries of the table; none while one of them is not an entry at all."""
    return read_models(inventory.shared(TABLE), inventory.groups)


def entries(inventory: Inventory) -> Iterator[Problem]:
    """Check each entry by itself, and what it shares with others."""
    models = models_of(inventory)
    yield from (Problem(INVENTORY, text) for text in _name_faults(models))
    for model in models:
        faults = [*source_faults(model, _directories(inventory)), *_format_faults(model), *_option_faults(model)]
        faults += [*_backend_name_faults(model), *_whole_file_faults(model)]
        yield from (Problem(INVENTORY, f"the model {model.name} {fault}") for fault in faults)
    yield from (Problem(INVENTORY, text) for text in _folder_faults(models))


def _directories(inventory: Inventory) -> set[str]:
    return {str(host.get("cluster_models_directory")) for host in inventory.hosts.values()} - {"None"}


def _name_faults(models: list[Model]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for place, model in enumerate(models):
        if model.name in owners and model in models[:place]:
            yield f"{TABLE}[{place}] is {model.name} again, which is {owners[model.name]} already; remove it."
            continue
        aliases = [(f"{TABLE}[{place}].aliases[{at}]", alias) for at, alias in enumerate(model.aliases)]
        for where, name in [(f"{TABLE}[{place}].name", model.name), *aliases]:
            if not _NAME.fullmatch(name):
                yield (
                    f"{where} is {name!r}, which not every program takes; write letters, digits and ._:/- after a"
                    " letter or a digit, 63 of them at most."
                )
            elif name in owners:
                yield f"{where} is {name}, which is {owners[name]} already; write another name."
            else:
                owners[name] = where


def source_faults(model: Model, directories: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """Say what is wrong with where a model comes from; `directories` are those that the hosts' models lie in."""
    source = model.source
    forms = [form for form in FORMS if form in source]
    if len(forms) != 1:
        if forms:
            return [f"comes from {enumerate_names(f'a {form}' for form in forms)}; keep one of them in its source."]
        return ["has nothing in its source to fetch; write a repository with its revision, a url, or a path."]
    (form,) = forms
    strangers = [key for key in source if key not in (form, *FORMS[form])]
    if strangers:
        names = enumerate_names(strangers)
        return [f"has {names} in its source, which means nothing beside a {form}; remove {names}."]
    if form == "url":
        return list(_url_faults(model))
    own = _repository_faults(model) if form == "repository" else _path_faults(source["path"], directories)
    return [*own, *_file_faults(model)]


def _repository_faults(model: Model) -> Iterator[str]:
    repository, revision = model.source["repository"], model.source.get("revision")
    parts = repository.split("/")
    if len(parts) != 2 or not all(_PART.fullmatch(part) for part in parts):
        yield f"comes from the repository {repository!r}; write it as organisation/name, as its page shows it."
    if not revision or not _COMMIT.fullmatch(revision):
        yield f"{_revision_fault(revision)}; write the commit, 40 digits that the history of the repository shows."
    if not model.source["files"] and model.format == "gguf":
        yield (
            "has no files in its source, and a repository of GGUF files has one model in many sizes; write the name of"
            " the file."
        )


def _file_faults(model: Model) -> Iterator[str]:
    files = model.source["files"]
    for file in files:
        if not _is_below(file):
            yield f"has the file {file!r}, which leads out of its folder; write a name below that."
        elif _lacks_parts(file, files):
            every = _PARTS.sub(r"-*-of-\2.gguf", file)
            yield f"has the file {file} without the other parts; write {every}."
    if files and model.format == "gguf" and not any(file.lower().endswith((".gguf", "*")) for file in files):
        yield f"is gguf, but its files ({enumerate_names(files)}) are none; write the name of the .gguf file."


def _lacks_parts(file: str, files: list[str]) -> bool:
    """Tell whether a file is one part of several of which another is named nowhere."""
    found = _PARTS.search(file)
    if not found:
        return False
    count = int(found[2])
    names = (f"{file[: found.start()]}-{part:05}-of-{count:05}.gguf" for part in range(1, count + 1))
    return not all(any(fnmatchcase(name, pattern) for pattern in files) for name in names)


def _revision_fault(revision: str | None) -> str:
    if not revision:
        return "has no revision in its source"
    if _SHORT_COMMIT.fullmatch(revision):
        return f"has the revision {revision}, only the beginning of a commit"
    if _COMMIT.fullmatch(revision.lower()):
        return "has a revision in capital letters, which the hub does not know"
    return f"has the moving revision {revision}, which means other files tomorrow"


def _is_below(file: str) -> bool:
    parts = file.split("/")
    printable = file.isprintable() and "\\" not in file and not file.startswith("~")
    return bool(file) and printable and not {"", ".", ".."} & set(parts)


def _url_faults(model: Model) -> Iterator[str]:
    url = model.source["url"]
    parts = urlsplit(url)
    name = unquote(parts.path).rpartition("/")[2]
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield f"comes from the url {url!r}; write one that begins with https:// or http:// and a host."
    elif model.format != "gguf":
        yield f"is {model.format}, a folder of files, which no url has; write a repository or a path."
    elif not name.lower().endswith(".gguf") or not _is_below(name):
        yield f"comes from the url {url!r}, which names no file; write one whose path ends in .gguf."
    elif _lacks_parts(name, [name]):
        yield f"comes from the url of {name}, one part of several; write a repository or a path, which have all."
    if not model.source.get("checksum"):
        yield "has a url without a checksum in its source; add sha256: and the 64 hexadecimal digits of the file."


def _path_faults(path: str, directories: set[str] | frozenset[str]) -> Iterator[str]:
    whole = path.rstrip("/")
    inside = next((one for one in sorted(directories) if f"{whole}/".startswith(f"{one.rstrip('/')}/")), None)
    if not path.startswith("/") or not _is_below(whole[1:]):
        yield f"comes from the path {path!r}; write the whole path on the store's host, without '..'."
    elif inside:
        yield f"comes from the path {path}, but {inside} is where roles put models; write where it was before."


def _format_faults(model: Model) -> Iterator[str]:
    backend = BACKENDS[model.backend]
    if model.format not in backend.formats:
        readers = [one.name for one in BACKENDS.values() if model.format in one.formats]
        yield (
            f"is {model.format}, which {backend.name} does not read; take one in {' or '.join(backend.formats)}, or"
            f" the backend {' or '.join(readers)}."
        )


def _backend_name_faults(model: Model) -> Iterator[str]:
    backend = BACKENDS[model.backend]
    for name in model.names if backend.name_form else ():
        if backend.name_form and not backend.name_form(name) and _NAME.fullmatch(name):
            yield f"has the name {name}, which {backend.name} does not take; write one such as {backend.names_for}."


def _whole_file_faults(model: Model) -> Iterator[str]:
    parts = [file for file in model.source.get("files") or () if _PARTS.search(file)]
    if BACKENDS[model.backend].whole_files and parts:
        yield (
            f"is in several files ({parts[0]}), which {model.backend} would join to a second copy; name a file that is"
            " whole, or take the backend llama_cpp."
        )


def _option_faults(model: Model) -> Iterator[str]:
    backend, unset = BACKENDS[model.backend], Model("", {}, "", "")
    for option, least in _AT_LEAST.items():
        value = getattr(model, option)
        if value == getattr(unset, option):
            continue
        if value < least or value == 0:
            yield f"has {option} {value}; write {'more than 0' if least == 0 else f'{least} or more'}."
        elif option in CHOOSY_OPTIONS and option not in backend.options:
            yield f"has {option} {value}, which {backend.name} cannot obey; remove it."


def _folder_faults(models: list[Model]) -> Iterator[str]:
    """Find different files for one folder; a Mac's disk does not tell capital letters from small ones."""
    sharing: dict[str, list[Model]] = defaultdict(list)
    for model in models:
        if model.is_present and not source_faults(model):
            sharing[model.folder.casefold()].append(model)
    for first, *others in sharing.values():
        for other in others:
            if _version(first) == _version(other):
                continue
            names = f"the models {first.name} and {other.name}"
            if first.folder == other.folder and "revision" in first.source and "revision" in other.source:
                yield (
                    f"{names} come from {first.folder.replace('--', '/', 1)} at two revisions, but one folder holds"
                    " one; write the same revision for both."
                )
            else:
                yield f"{names} would lie in one folder, {other.folder}; write another name for one of them."


def _version(model: Model) -> tuple[str, object]:
    return model.folder, {key: value for key, value in model.source.items() if key != "files"}
