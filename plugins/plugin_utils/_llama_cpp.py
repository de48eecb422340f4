# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where llama.cpp comes from on a host, how its router is started, and the file that tells the router its models."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _llama_cpp_cuda

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REFUSED = {
    **dict.fromkeys(
        ("tools", "tools-runtime", "agent", "ag", "mcp-servers-config", "mcp-servers-json"),
        "runs commands of whoever asks",
    ),
    **dict.fromkeys(("ui-mcp-proxy", "webui-mcp-proxy"), "asks other servers for whoever asks"),
    **dict.fromkeys(("slots", "props", "slot-save-path", "media-path", "path"), "gives more away than answers"),
    **dict.fromkeys(("api-key", "api-key-file"), "is cluster_model_api_key"),
    **dict.fromkeys(("hf-token", "hft"), "is for the host that fetches models alone"),
    **dict.fromkeys(("host", "port", "reuse-port"), "stands in the service table"),
    **dict.fromkeys(
        (
            "m",
            "model",
            "a",
            "alias",
            "tags",
            "hf",
            "hfr",
            "hf-repo",
            "models-dir",
            "models-preset",
            "models-max",
            "model-url",
        ),
        "follows from cluster_models",
    ),
    **dict.fromkeys(("cram", "cache-ram"), "is llama_cpp_prompt_cache_gigabytes"),
    "rpc": "is llama_cpp_rpc_workers",
    "cors-origins": "is llama_cpp_web_origins",
    "sleep-idle-seconds": "is llama_cpp_sleep_after_seconds",
}
"""Options of llama-server that a role or an operator must not set by the way, and why."""
STOP_SECONDS = 20
"""How long a model has to end before it is killed, where nobody says otherwise; now and then one hangs as it ends."""
_CONTROL = re.compile(r"[;#\r\n]")


class LlamaCppError(Exception):
    """What an inventory says of llama.cpp cannot be."""


@dataclass(frozen=True)
class Host:
    """What a host is, as far as it matters for where its programs come from."""

    name: str
    platform: str
    """Such as linux-amd64."""
    libc: Sequence[int] | None = None
    """The version of its C library; none on a Mac."""
    nvidia: Mapping[str, Any] | None = None
    """What the proof of its cards left; None: in check mode none computes yet."""
    cards: Sequence[str] | None = None
    """The addresses of the cards that are to be used; None: all."""
    cuda: bool | None = None
    """Whether it is to compute on its cards; None: where some compute."""
    expects_cards: bool = False
    """Whether the inventory says that it has some."""
    installed: str | None = None
    """The version that is installed."""


def choose_source(
    releases: Mapping[str, Mapping[str, Any]],
    version: str,
    host: Host,
    wanted: str = "auto",
    cuda_version: str | None = None,
) -> dict[str, Any]:
    """Return where a host gets llama.cpp from: `way` and, where it has one, the `release`, its `version` and `why`.

    An archive is taken where one is pinned that the system can run; else Linux builds from the source, and a Mac, which
    builds nothing, has Homebrew's. What computes on cards has `cuda`, and a build of it `options` and `packages` too.
    In check mode, where the cards may not compute yet, a program that uses them stays.

    :raises LlamaCppError: nothing is pinned for it
    """
    asked = host.cuda is not False and (host.cuda or host.expects_cards) and host.platform.startswith("linux")
    if not asked or host.platform.endswith("-vulkan"):
        return _without_cards(releases, version, host, wanted)
    if host.nvidia is None:
        return _unknown_cards(releases, version, host, wanted)
    try:
        cards = _llama_cpp_cuda.read(host.nvidia, host.cards)
        if cards is not None:
            return _with_cards(releases, version, host, wanted, (cuda_version or version, cards))
    except _llama_cpp_cuda.CudaError as error:
        raise LlamaCppError(
            f"{host.name} {error}; write llama_cpp_cuda: false, and it computes on the processor."
        ) from error
    if host.cuda:
        raise LlamaCppError(
            f"llama_cpp_cuda is true, but no card of {host.name} computes; run playbooks/verify.yml, which says why."
        )
    return _without_cards(releases, version, host, wanted, "none of its cards computes")


def _unknown_cards(releases: Mapping[str, Mapping[str, Any]], version: str, host: Host, wanted: str) -> dict[str, Any]:
    if not host.expects_cards:
        raise LlamaCppError(
            f"llama_cpp_cuda is true, but {host.name} is not in the group gpu, whose hosts have their cards tried; add"
            " it there, or remove llama_cpp_cuda."
        )
    if host.installed and "-cuda-" in host.installed:
        why = "none of its cards computes in check mode, and what is installed uses them"
        return _chosen("installed", None, host.installed, why, cuda="installed")
    return _without_cards(releases, version, host, wanted, "none of its cards computes before its driver is there")


def _with_cards(
    releases: Mapping[str, Mapping[str, Any]],
    version: str,
    host: Host,
    wanted: str,
    cuda: tuple[str, _llama_cpp_cuda.Cards],
) -> dict[str, Any]:
    cuda_version, cards = cuda
    prefix = f"{host.platform}-cuda-"
    pinned = {
        key.removeprefix(prefix): release
        for key, release in (releases.get(cuda_version) or {}).items()
        if key.startswith(prefix)
    }
    label = _llama_cpp_cuda.best(pinned, cards)
    too_old = _too_old(pinned[label], host.libc) if label else None
    why = f"no archive is pinned for {host.platform} and its {cards.text}"
    if too_old:
        why = f"its C library is {_dotted(host.libc)}, and the archive needs {too_old}"
    if wanted in {"auto", "archive"} and label and not too_old:
        why = f"an archive is pinned that its {cards.text} can run"
        return _chosen("archive", pinned[label], f"{cuda_version}-cuda-{label}", why, cuda=label)
    if wanted in {"archive", "homebrew"}:
        raise LlamaCppError(
            f"{host.name} cannot have llama.cpp by llama_cpp_from: {wanted}, because {why}; leave llama_cpp_from alone."
        )
    source = (releases.get(version) or {}).get("source")
    if source is None:
        raise LlamaCppError(
            f"llama_cpp_version is {version}, for which llama_cpp_releases has no source to build for {host.name}, and"
            f" {why}; add project, file and checksum of one."
        )
    name, options, packages = _llama_cpp_cuda.build_options(cards)
    return _chosen("source", source, f"{version}-{name}", why, cuda=name, options=options, packages=packages)


def _chosen(way: str, release: Mapping[str, Any] | None, version: str, why: str, **more: Any) -> dict[str, Any]:
    found = {"way": way, "release": dict(release) if release else None, "version": version, "why": why}
    return {**found, "cuda": None, "options": [], "packages": [], **more}


def _without_cards(
    releases: Mapping[str, Mapping[str, Any]], version: str, host: Host, wanted: str, reason: str = ""
) -> dict[str, Any]:
    """Choose for the processor; `reason` is why not for the cards that there may be."""
    pinned = releases.get(version) or {}
    release, source = pinned.get(host.platform), pinned.get("source")
    too_old = _too_old(release, host.libc)
    old = f"its C library is {_dotted(host.libc)}, and the archive needs {too_old}"
    beside = f"; it computes on the processor, because {reason}" if reason else ""
    if wanted == "archive" and (release is None or too_old):
        raise LlamaCppError(
            f"{host.name} cannot have the archive of llama.cpp {version} for {host.platform}, because "
            f"{old if too_old else 'none is pinned'}; add address and checksum to llama_cpp_releases, or leave "
            "llama_cpp_from alone."
        )
    if wanted in {"auto", "archive"} and release is not None and not too_old:
        why = f"an archive is pinned that its system can run{beside}"
        return _chosen("archive", release, version, why)
    if host.platform.startswith("darwin"):
        if wanted == "source":
            raise LlamaCppError(f"{host.name} is a Mac, on which nothing is built; leave llama_cpp_from alone.")
        return _chosen("homebrew", None, version, "no archive is pinned for Macs, and nothing is built on them")
    if wanted == "homebrew":
        raise LlamaCppError(f"{host.name} is not a Mac; leave llama_cpp_from alone.")
    if source is None or host.platform.endswith("-vulkan"):
        raise LlamaCppError(
            f"llama_cpp_version is {version}, for which llama_cpp_releases has no archive for {host.platform} that "
            f"{host.name} can run{'' if source else ', and no source'}; add address and checksum of one, or write one "
            f"of {enumerate_names(sorted(releases))}."
        )
    why = old if too_old else f"no archive is pinned for {host.platform}"
    return _chosen("source", source, version, f"{why}{beside}")


def _too_old(release: Mapping[str, Any] | None, libc: Sequence[int] | None) -> str | None:
    """Return the C library that an archive needs, where the host has an older one."""
    needs = (release or {}).get("minimum_glibc")
    if not needs or libc is None:
        return None
    return str(needs) if tuple(libc) < tuple(int(part) for part in str(needs).split(".")) else None


def _dotted(libc: Sequence[int] | None) -> str:
    return ".".join(map(str, libc or ())) or "unknown"


def section(name: str) -> str:
    """Return what the router calls a model: it would write what comes after a colon in capitals."""
    return name.replace(":", "--")


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    return "a mapping" if isinstance(value, dict) else "a list"


def options_problems(options: Mapping[str, Any] | None, variable: str) -> list[str]:
    """Say of each option of an operator's own why it cannot be."""
    faults = []
    for name, value in (options or {}).items():
        plain = str(name).lstrip("-").lower()
        plain = plain.removeprefix("no-") if plain.removeprefix("no-") in REFUSED and plain not in REFUSED else plain
        if plain in REFUSED:
            faults.append(f"{variable} has {name}, which {REFUSED[plain]}; leave it out.")
        elif str(name).upper().startswith("LLAMA_"):
            faults.append(f"{variable} has {name}; write the option itself, such as n-gpu-layers.")
        elif value is None or isinstance(value, (dict, list, tuple)):
            faults.append(f"{variable}.{name} is {_kind(value)}; write text, a number, true or false.")
        elif _CONTROL.search(f"{name}{value}"):
            faults.append(f"{variable}.{name} has a ;, a # or a line break, which llama.cpp cannot read.")
    return faults


def preset(
    models: Iterable[Mapping[str, Any]],
    cache_gigabytes: float,
    options: Mapping[str, Any] | None = None,
    stop_seconds: int = STOP_SECONDS,
) -> dict[str, Any]:
    """Return the router's file as `text`, and the `tags` of its models by what the router calls them.

    A model has `name`, `names`, `context`, `parallel`, `path`, `projector` and `revision`. Each request has the whole
    context. The memory for prompts is divided among the models, so that a host has a bound. A model has `stop_seconds`
    to end before it is killed.

    :raises LlamaCppError: an option is not for an operator
    """
    faults = options_problems(options, "llama_cpp_options")
    if faults:
        raise LlamaCppError(" ".join(faults))
    listed = sorted(models, key=lambda model: str(model["name"]))
    cache = int(cache_gigabytes * 1024 / len(listed)) if listed else 0
    text, tags = "version = 1\n", {}
    for model in listed:
        lines = {
            **_lines(model, cache),
            "stop-timeout": str(stop_seconds),
            **{str(name).lstrip("-"): _word(value) for name, value in (options or {}).items()},
        }
        body = "".join(f"{name} = {value}\n" for name, value in lines.items())
        called = section(str(model["name"]))
        tags[called] = hashlib.sha256(f"{called}\n{body}".encode()).hexdigest()[:12]
        text += f"\n[{called}]\n{body}tags = {model['revision']},{tags[called]}\n"
    return {"text": text, "tags": tags}


def _lines(model: Mapping[str, Any], cache: int) -> dict[str, str]:
    name, parallel = str(model["name"]), int(model.get("parallel") or 1)
    context = model.get("context")
    aliases = [other for other in model.get("names") or [name] if other != section(name)]
    lines = {"model": str(model["path"])}
    if model.get("projector"):
        lines["mmproj"] = str(model["projector"])
    if aliases:
        lines["alias"] = ",".join(aliases)
    lines["parallel"] = str(parallel)
    if context:
        lines["ctx-size"], lines["kv-unified"] = str(int(context) * parallel), "false"
    else:
        # The model's own, or less where the memory of the GPU is short; shared by the requests.
        lines["ctx-size"], lines["kv-unified"] = "0", "true"
    return {**lines, "cache-ram": str(cache), "load-on-startup": "true"}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
