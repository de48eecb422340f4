# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What vLLM asks of the cards of a host, and what an operator must not set by the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cuda_devices import address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OLDEST_CARD, OLDEST_DRIVER = (7, 5), 580
"""Of the release 0.33: what its kernels are made for, and what the CUDA 13 wants that its wheels bring."""
_OLDEST_FOR_BFLOAT16 = (8, 0)
_HALF = ("half", "float16", "float32", "float")
ARGUMENTS = {
    **dict.fromkeys(("--host", "--port", "--uds"), "stands in the service table"),
    **dict.fromkeys(
        ("--model", "--served-model-name", "--max-model-len", "--max-num-seqs"), "follows from cluster_models"
    ),
    **dict.fromkeys(("--revision", "--download-dir", "--config"), "follows from cluster_models"),
    "--api-key": "is cluster_model_api_key",
    "--dtype": "is vllm_dtype",
    "--gpu-memory-utilization": "is vllm_memory_share",
    **dict.fromkeys(("--tensor-parallel-size", "-tp"), "is vllm_spread"),
    "--trust-remote-code": "runs programs that come with a model",
    "--allowed-local-media-path": "gives files of the host to whoever asks",
    "--enable-sleep-mode": "is of use in development mode alone, which nobody but the host itself may reach",
}
"""Arguments of vllm serve that the role sets or refuses, and why."""
ENVIRONMENT = {
    "VLLM_SERVER_DEV_MODE": "opens routes that end and change the server to the network",
    "VLLM_API_KEY": "is cluster_model_api_key",
    "VLLM_ALLOW_INSECURE_SERIALIZATION": "runs what whoever asks sends",
    "CUDA_VISIBLE_DEVICES": "is vllm_cards",
    "CUDA_DEVICE_ORDER": "is set by the role",
}


def setting_faults(arguments: Iterable[Any], environment: Mapping[str, Any]) -> list[str]:
    """Say of each argument and variable of an operator's own why it cannot be."""
    names = [str(argument).partition("=")[0].replace("_", "-") for argument in arguments]
    faults = [
        f"vllm_arguments has {name}, which {ARGUMENTS[name]}; leave it out." for name in names if name in ARGUMENTS
    ]
    return faults + [
        f"vllm_environment has {name}, which {ENVIRONMENT[name]}; leave it out."
        for name in environment
        if name in ENVIRONMENT
    ]


def card_faults(
    facts: Mapping[str, Any] | None, wanted: Iterable[Any] | None, host: str, spread: int, dtype: str
) -> list[str]:
    """Say why vLLM cannot compute on the cards of a host; nothing where nothing is known of them."""
    if facts is None:
        return []
    chosen = {address(card) for card in wanted or ()}
    cards = [card for card in facts.get("cards") or () if not chosen or address(card.get("address")) in chosen]
    working = [card for card in cards if card.get("computes")]
    if not working:
        return [f"no card of {host} computes, and vLLM uses nothing else; run playbooks/verify.yml, which says why."]
    faults = [fault for card in working for fault in _card_faults(card, host, dtype)]
    driver = _numbers(facts.get("driver_version"))
    if driver and driver[0] < OLDEST_DRIVER:
        faults.append(
            f"the driver of {host} is {facts['driver_version']}, and the CUDA 13 of vLLM's wheels needs {OLDEST_DRIVER}"
            " or newer; bring a newer driver, or serve its models with llama_cpp or ollama."
        )
    if spread > len(working):
        faults.append(
            f"vllm_spread is {spread}, but {len(working)} of {host}'s cards compute; write {len(working)} or less."
        )
    return faults


def _card_faults(card: Mapping[str, Any], host: str, dtype: str) -> list[str]:
    capability = _numbers(card.get("capability"))
    if not capability:
        return []
    has = f"{host} has a card of capability {'.'.join(map(str, capability))} at {address(card.get('address'))}"
    if capability < OLDEST_CARD:
        return [
            (
                f"{has}, and vLLM needs {'.'.join(map(str, OLDEST_CARD))}; serve its models with llama_cpp or"
                " ollama, or name other cards in vllm_cards."
            )
        ]
    if capability < _OLDEST_FOR_BFLOAT16 and dtype not in _HALF:
        return [f"{has}, which does not compute in bfloat16; write vllm_dtype: half."]
    return []


def _numbers(text: Any) -> tuple[int, ...]:
    parts = text if isinstance(text, (list, tuple)) else str(text or "").split(".")
    try:
        return tuple(int(part) for part in parts)
    except ValueError:
        return ()
