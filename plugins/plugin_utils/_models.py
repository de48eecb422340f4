# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The table of models as every part reads it, and the one table of the backends that serve them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

FORMS = {"repository": ("revision", "files"), "url": ("checksum",), "path": ("files",)}
"""Where the files of a model come from: each entry has exactly one of these, with what belongs to it."""


class ModelTableError(Exception):
    """An entry of the table of models lacks what everything else follows from."""


@dataclass(frozen=True)
class Backend:
    """A program that serves models; its hosts are in the group of its name."""

    name: str
    platforms: tuple[str, ...]
    formats: tuple[str, ...]
    on_the_cpu: tuple[str, ...] = ()
    """The platforms on which it uses no GPU."""
    models_per_host: int | None = None
    """None: as many as its memory holds."""
    one_because: str = ""
    """Why not more, in a sentence."""
    spreads: bool = False
    """Whether it serves one copy over several hosts, instead of one on each."""
    options: tuple[str, ...] = ()
    """What an entry may say that not every backend can obey."""
    uses_cards: bool = False
    """Whether it computes on the NVIDIA cards of a host in the group gpu."""
    needs_cards: bool = False
    """Whether it computes on nothing else."""
    whole_files: bool = False
    """Whether it refuses a model whose weights are in several files."""
    name_form: Callable[[str], bool] | None = None
    """What tells whether it takes a name; None: it takes every one."""
    names_for: str = ""
    """Such a name, in a sentence."""

    @property
    def cache_variable(self) -> str:
        """The role's variable with the gigabytes that it keeps prompts in beside its models, where it has one."""
        return f"{self.name}_prompt_cache_gigabytes"


BACKENDS = {
    backend.name: backend
    for backend in (
        Backend(
            "llama_cpp",
            platforms=("linux", "macos"),
            formats=("gguf",),
            on_the_cpu=("linux",),
            options=("context", "parallel"),
            uses_cards=True,
        ),
        Backend(
            "ollama",
            platforms=("linux", "macos"),
            formats=("gguf",),
            on_the_cpu=("linux",),
            # How many requests are answered at once it knows for all of its models alone.
            options=("context",),
            uses_cards=True,
            whole_files=True,
            name_form=lambda name: names.place(name) is not None,
            names_for="name:tag or organisation/name:tag",
        ),
        Backend(
            "mlx_lm",
            platforms=("macos", "linux"),
            formats=("safetensors",),
            on_the_cpu=("linux",),
            models_per_host=1,
            one_because="a request for another ends the answer that is under way",
            options=("context", "parallel"),
        ),
        Backend(
            "vllm",
            platforms=("linux",),
            formats=("safetensors",),
            models_per_host=1,
            one_because="it takes the memory of its cards when it starts",
            options=("context", "parallel"),
            uses_cards=True,
            needs_cards=True,
        ),
        Backend(
            "exo",
            platforms=("macos", "linux"),
            formats=("safetensors",),
            on_the_cpu=("linux",),
            spreads=True,
            options=("min_nodes",),
        ),
    )
}
FORMATS = tuple(dict.fromkeys(name for backend in BACKENDS.values() for name in backend.formats))
CHOOSY_OPTIONS = tuple(dict.fromkeys(name for backend in BACKENDS.values() for name in backend.options))
"""What only some of them obey."""


@dataclass(frozen=True)
class Model:
    """One entry of the table. Memory and disk are in units of 2^30 bytes."""

    name: str
    source: dict[str, Any]
    format: str
    backend: str
    aliases: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    """None given: all hosts of the backend's group."""
    min_nodes: int = 1
    """Over how many hosts it is spread at least."""
    context: int | None = None
    """In tokens; None: the model's own."""
    parallel: int = 1
    """How many requests are answered at the same time."""
    memory_gigabytes: float | None = None
    """What its weights and its context take, as far as somebody has said."""
    disk_gigabytes: float | None = None
    """What its files take; None: as much as its memory."""
    license: str | None = None
    state: str = "present"

    @classmethod
    def read(cls, entry: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Model:
        """Complete an entry as it is written."""
        missing = [key for key in ("name", "source", "format", "backend") if entry.get(key) is None]
        if missing:
            raise ModelTableError(
                f"an entry of cluster_models ({entry.get('name') or 'without a name'}) has no {missing[0]}; add it."
            )
        known = {one.name for one in fields(cls)}
        said = {key: value for key, value in entry.items() if value is not None and key in known}
        source = {key: value for key, value in said.pop("source").items() if value is not None}
        if "url" not in source:
            source["files"] = list(source.get("files", ()))
        return cls(
            **{
                **said,
                "source": source,
                "aliases": list(said.get("aliases", ())),
                "hosts": list(said.get("hosts", groups.get(said["backend"], ()))),
            }
        )

    @property
    def names(self) -> list[str]:
        """What a request may call it."""
        return [self.name, *self.aliases]

    @property
    def folder(self) -> str:
        """The folder that its files lie in, on every host that has it."""
        return str(self.source.get("repository") or self.name).replace("/", "--").replace(":", "--")

    @property
    def is_present(self) -> bool:
        """Whether it is to be served."""
        return self.state == "present"

    @property
    def row(self) -> dict[str, Any]:
        """The entry with every key."""
        entry = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**entry, "names": self.names, "folder": self.folder}


def read_models(models: Iterable[Mapping[str, Any]] | None, groups: Mapping[str, Sequence[str]]) -> list[Model]:
    """Complete all entries."""
    return [Model.read(entry, groups) for entry in models or ()]


def model_table(
    models: Iterable[Mapping[str, Any]] | None, groups: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Return all entries with every key, in their order."""
    return [model.row for model in read_models(models, groups)]
