# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How each version of exo is started, and what it reads: the one table of what differs between versions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LIKE = "starts_like"
"""The key of an entry of exo_releases that names the version of this table which a newer one is started like."""


@dataclass(frozen=True)
class Start:
    """What one version takes on its command line and in its environment."""

    commit: str
    """The whole hash of its tag in the source repository."""
    peers_option: str
    """The option for the TCP port by which nodes speak to each other."""
    bootstrap_option: str
    namespace_variable: str
    models_variable: str
    """The variable for the one directory that it writes models to."""
    read_only_variable: str
    """The variable for directories, joined by colons, in which it only finds models."""
    discovery: str
    python: str
    """The series that its sources need."""
    tensor_architectures: frozenset[str]
    """Architectures of models that it can spread by tensors; the others by layers only."""
    name_markers: tuple[str, ...]
    """Parts of a model's name by which it chooses tokenizer, end of text or parser, in the order in which it looks."""


STARTS = {
    "1.0.71": Start(
        commit="fd707de30b42db4211d15da96b9052e1dc280ed1",
        peers_option="--libp2p-port",
        bootstrap_option="--bootstrap-peers",
        namespace_variable="EXO_LIBP2P_NAMESPACE",
        models_variable="EXO_DEFAULT_MODELS_DIR",
        read_only_variable="EXO_MODELS_READ_ONLY_DIRS",
        discovery="multicast DNS over IPv4, UDP 5353",
        python="3.13",
        tensor_architectures=frozenset(
            {
                *("DeepseekV32ForCausalLM", "DeepseekV3ForCausalLM", "Gemma4ForConditionalGeneration"),
                *("Glm4MoeLiteForCausalLM", "GlmMoeDsaForCausalLM", "GptOssForCausalLM", "LlamaForCausalLM"),
                *("MiniMaxM2ForCausalLM", "NemotronHForCausalLM", "Qwen3MoeForCausalLM", "Qwen3NextForCausalLM"),
                *("Qwen3VLForConditionalGeneration", "Qwen3_5ForConditionalGeneration"),
                *("Qwen3_5MoeForConditionalGeneration", "Step3p5ForCausalLM"),
            }
        ),
        name_markers=(
            *("kimi-k2", "glm-5", "glm-4.7", "glm", "gpt-oss", "qwen3.5", "qwen-3.5", "qwen3.6", "qwen-3.6"),
            *("gemma-4", "gemma-3", "deepseek"),
        ),
    ),
}
NEWEST = "1.0.71"

REFUSED = {
    "main": (
        "is not a release: it speaks zenoh (TCP 52414, UDP 52413) and never joins 1.0.71, has no --libp2p-port, ends at"
        " EXO_LIBP2P_NAMESPACE and --bootstrap-peers, and its options still change"
    ),
}
"""What people try, and why it is not started."""


def start_of(version: str, releases: Mapping[str, Any] | None = None) -> Start | None:
    """Return how a version is started; of an unknown one whatever its entry in exo_releases says it is like."""
    entry = (releases or {}).get(version)
    like = entry.get(LIKE) if isinstance(entry, dict) else None
    return STARTS.get(version) or STARTS.get(str(like))


def problem(version: str, releases: Mapping[str, Any] | None = None) -> str:
    """Say in one sentence why a version is not started, or nothing."""
    if start_of(version, releases) is not None:
        return ""
    reason = REFUSED.get(version, "has other options and another network than we know of")
    known = " or ".join(sorted(STARTS))
    return (
        f"exo_version is {version}, which {reason}; write {known}, or, once its release notes have been read, {LIKE}:"
        f" {NEWEST} in its entry of exo_releases."
    )


def exo_start(version: str, releases: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return how a version is started, the newest known one where that is not known, and says `problem` why."""
    # What is removed needs no version that is known.
    found = asdict(start_of(str(version), releases) or STARTS[NEWEST])
    # Sets and tuples mean nothing to a template.
    plain = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in found.items()}
    return {**plain, "problem": problem(str(version), releases)}
