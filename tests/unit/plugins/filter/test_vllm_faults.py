# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which hosts vLLM is refused on, and which settings are nobody's to set."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.vllm_faults import FilterModule

SM70 = {"address": "0000:01:00.0", "capability": "7.0", "computes": True}
SM75 = {"address": "0000:41:00.0", "capability": "7.5", "computes": True}
SM90 = {"address": "0000:81:00.0", "capability": [9, 0], "computes": True}
LOST = {"address": "0000:c1:00.0", "capability": "9.0", "computes": False}


def faults(*cards, known=True, driver="580.65.06", **settings):
    asked = {"cards": None, "spread": 1, "dtype": "auto", "arguments": [], "environment": {}, **settings}
    facts = {"cards": list(cards), "driver_version": driver} if known else None
    return FilterModule().filters()["vllm_faults"](facts, asked, "gpu1")


@pytest.mark.parametrize(
    ("cards", "settings"),
    [
        ([SM90], {}),
        ([SM90, LOST], {}),
        ([SM75], {"dtype": "half"}),
        ([SM90], {"driver": "610.1"}),
        ([SM90], {"driver": None}),
        ([SM90, {**SM90, "address": "0000:91:00.0"}], {"spread": 2}),
        # Only the named ones are used.
        ([SM70, SM90], {"cards": ["0000:81:00.0"]}),
        # Nothing is known: nothing is said.
        ([], {"known": False, "spread": 8}),
        ([{**SM90, "capability": None}], {}),
        ([SM90], {"arguments": ["--enable-prefix-caching"], "environment": {"VLLM_LOGGING_LEVEL": "INFO"}}),
    ],
)
def test_what_it_runs_on(cards, settings):
    assert faults(*cards, **settings) == []


@pytest.mark.parametrize(
    ("cards", "settings", "sentence"),
    [
        (
            [SM70],
            {},
            (
                "gpu1 has a card of capability 7.0 at 0000:01:00.0, and vLLM needs 7.5; serve its models with llama_cpp"
                " or ollama, or name other cards in vllm_cards."
            ),
        ),
        (
            [SM75],
            {},
            (
                "gpu1 has a card of capability 7.5 at 0000:41:00.0, which does not compute in bfloat16; write"
                " vllm_dtype: half."
            ),
        ),
        (
            [SM90],
            {"driver": "570.211.01"},
            (
                "the driver of gpu1 is 570.211.01, and the CUDA 13 of vLLM's wheels needs 580 or newer; bring a newer"
                " driver, or serve its models with llama_cpp or ollama."
            ),
        ),
        ([SM90, LOST], {"spread": 2}, "vllm_spread is 2, but 1 of gpu1's cards compute; write 1 or less."),
        (
            [LOST],
            {},
            "no card of gpu1 computes, and vLLM uses nothing else; run playbooks/verify.yml, which says why.",
        ),
        (
            [SM90],
            {"environment": {"VLLM_SERVER_DEV_MODE": "1"}},
            (
                "vllm_environment has VLLM_SERVER_DEV_MODE, which opens routes that end and change the server to the"
                " network; leave it out."
            ),
        ),
        (
            [SM90],
            {"arguments": ["--api-key=x"]},
            "vllm_arguments has --api-key, which is cluster_model_api_key; leave it out.",
        ),
        (
            [SM90],
            {"arguments": ["--served_model_name", "x"]},
            "vllm_arguments has --served-model-name, which follows from cluster_models; leave it out.",
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(cards, settings, sentence):
    assert faults(*cards, **settings) == [sentence]
