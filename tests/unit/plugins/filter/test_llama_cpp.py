# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where llama.cpp comes from, and the file its router reads."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter.llama_cpp import FilterModule
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._llama_cpp import options_problems

FILTERS = FilterModule().filters()
SOURCE = {"project": "p", "file": "f", "checksum": "sha256:0"}
OLD = {"url": "http://x/old", "checksum": "sha256:1", "minimum_glibc": "2.35"}
NEW = {"url": "http://x/new", "checksum": "sha256:2", "minimum_glibc": "2.39"}
MAC = {"url": "http://x/mac", "checksum": "sha256:3"}
RELEASES = {
    "b1": {"source": SOURCE},
    "b2": {"source": SOURCE, "linux-amd64": OLD, "linux-arm64": NEW, "darwin-arm64": MAC},
    "b3": {"linux-arm64": NEW},
}


def choose(version, platform, libc=None, wanted="auto"):
    host = {"name": "gpu1", "platform": platform, "libc": libc}
    return FILTERS["llama_cpp_source"](RELEASES, version, host, wanted)


@pytest.mark.parametrize(
    ("asked", "way", "why"),
    [
        (("b1", "linux-amd64", [2, 41]), "source", "no archive is pinned for linux-amd64"),
        (("b2", "linux-amd64", [2, 36]), "archive", "an archive is pinned that its system can run"),
        (("b2", "linux-amd64", [2, 35]), "archive", "an archive is pinned that its system can run"),
        (("b2", "linux-arm64", [2, 36]), "source", "its C library is 2.36, and the archive needs 2.39"),
        # Not as text, and not as decimals.
        (("b2", "linux-arm64", [2, 4]), "source", "its C library is 2.4, and the archive needs 2.39"),
        (("b2", "linux-arm64", [0]), "source", "its C library is 0, and the archive needs 2.39"),
        (("b2", "linux-arm64", [3, 0]), "archive", "an archive is pinned that its system can run"),
        (("b2", "linux-amd64", [2, 41], "source"), "source", "no archive is pinned for linux-amd64"),
        (("b2", "darwin-arm64"), "archive", "an archive is pinned that its system can run"),
        (("b1", "darwin-arm64"), "homebrew", "no archive is pinned for Macs, and nothing is built on them"),
        (
            ("b2", "darwin-arm64", None, "homebrew"),
            "homebrew",
            "no archive is pinned for Macs, and nothing is built on them",
        ),
    ],
)
def test_where_it_comes_from(asked, way, why):
    version, platform, *_ = asked
    chosen = choose(*asked)
    releases = {"archive": RELEASES[version].get(platform), "source": SOURCE, "homebrew": None}
    assert (chosen["way"], chosen["release"]) == (way, releases[way])
    if len(asked) < 4:
        assert chosen["why"] == why


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            ("b3", "linux-arm64", [2, 36]),
            "has no archive for linux-arm64 that gpu1 can run, and no source; add address",
        ),
        (("b4", "linux-amd64", [2, 41]), "or write one of b1, b2 and b3"),
        (("b1", "linux-amd64-vulkan", [2, 41]), "has no archive for linux-amd64-vulkan that gpu1 can run; add address"),
        (("b2", "linux-arm64", [2, 36], "archive"), "because its C library is 2.36, and the archive needs 2.39"),
        (("b1", "linux-amd64", [2, 41], "archive"), "because none is pinned"),
        (("b1", "darwin-arm64", None, "source"), "gpu1 is a Mac, on which nothing is built"),
        (("b1", "linux-amd64", [2, 41], "homebrew"), "gpu1 is not a Mac"),
    ],
)
def test_what_cannot_be_is_a_sentence(asked, sentence):
    with pytest.raises(AnsibleFilterError, match=sentence):
        choose(*asked)


SM70 = {"address": "0000:01:00.0", "capability": "7.0", "computes": True}
SM86 = {"address": "0000:41:00.0", "capability": "8.6", "computes": True}
SM120 = {"address": "0000:81:00.0", "capability": [12, 0], "computes": True}
BROKEN = {"address": "0000:c1:00.0", "capability": None, "computes": False}
LIBRARIES = [{"url": "http://x/libraries", "checksum": "sha256:9"}]
CUDA_12 = {"url": "http://x/12", "checksum": "sha256:5", "minimum_glibc": "2.39", "more": LIBRARIES}
CUDA_13 = {"url": "http://x/13", "checksum": "sha256:6", "minimum_glibc": "2.39"}
WITH_CUDA = {
    "b1": {"source": SOURCE},
    "b2": {"linux-amd64-cuda-12.8": CUDA_12, "linux-amd64-cuda-13.4": CUDA_13, "linux-arm64-cuda-13.4": CUDA_13},
}


def choose_for_cards(*cards, libc=(2, 41), platform="linux-amd64", driver="580.65.06", wanted="auto", **host):
    nvidia = {"cards": list(cards), "driver_version": driver} if cards else host.pop("nvidia", None)
    known = {"name": "gpu1", "platform": platform, "libc": list(libc), "nvidia": nvidia, "expects_cards": True, **host}
    return FILTERS["llama_cpp_source"](WITH_CUDA, "b1", known, wanted, "b2")


@pytest.mark.parametrize(
    ("cards", "more", "label", "release"),
    [
        ([SM70], {}, "12.8", CUDA_12),
        ([SM86], {}, "13.4", CUDA_13),
        ([SM120], {}, "13.4", CUDA_13),
        # What runs on all of them.
        ([SM86, SM70], {}, "12.8", CUDA_12),
        ([SM86, SM70], {"cards": ["0000:41:00.0"]}, "13.4", CUDA_13),
        # A card that does not compute decides nothing.
        ([SM86, BROKEN], {}, "13.4", CUDA_13),
        # CUDA 13 wants a driver of its own.
        ([SM86], {"driver": "570.10"}, "12.8", CUDA_12),
        ([SM86], {"driver": None}, "13.4", CUDA_13),
        ([SM86], {"platform": "linux-arm64"}, "13.4", CUDA_13),
    ],
)
def test_the_archive_by_the_card(cards, more, label, release):
    chosen = choose_for_cards(*cards, **more)
    assert (chosen["way"], chosen["cuda"], chosen["version"]) == ("archive", label, f"b2-cuda-{label}")
    assert chosen["release"] == release


@pytest.mark.parametrize(
    ("cards", "more", "name", "architectures", "toolkit"),
    [
        # Debian 12 and Ubuntu 22.04.
        ([SM70], {"libc": (2, 36)}, "cuda-sm70", "70", "12.9"),
        ([SM86], {"libc": (2, 35)}, "cuda-sm86", "86", "13.4"),
        ([SM120], {"libc": (2, 36)}, "cuda-sm120", "120a-real", "13.4"),
        ([SM120, SM70], {"libc": (2, 36)}, "cuda-sm70-120", "70;120a-real", "12.9"),
        ([SM86], {"libc": (2, 36), "driver": "570.10"}, "cuda-sm86", "86", "12.9"),
        ([SM86], {"wanted": "source"}, "cuda-sm86", "86", "13.4"),
        ([SM70], {"platform": "linux-arm64"}, "cuda-sm70", "70", "12.9"),
    ],
)
def test_the_build_by_the_card(cards, more, name, architectures, toolkit):
    chosen = choose_for_cards(*cards, **more)
    assert (chosen["way"], chosen["cuda"], chosen["version"]) == ("source", name, f"b1-{name}")
    assert f"-DCMAKE_CUDA_ARCHITECTURES={architectures}" in chosen["options"]
    assert f"-DCMAKE_CUDA_COMPILER=/usr/local/cuda-{toolkit}/bin/nvcc" in chosen["options"]
    assert f"cuda-nvcc-{toolkit.replace('.', '-')}" in chosen["packages"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "none of its cards computes before its driver is there"),
        ({"cuda": True}, "none of its cards computes before its driver is there"),
        ({"nvidia": {"cards": []}}, "none of its cards computes"),
        ({"nvidia": {"cards": [BROKEN]}}, "none of its cards computes"),
        ({"cuda": False, "nvidia": {"cards": [SM86]}}, None),
        ({"expects_cards": False, "nvidia": {"cards": [SM86]}}, None),
    ],
)
def test_what_computes_on_the_processor_says_why(more, why):
    chosen = choose_for_cards(**more)
    assert (chosen["way"], chosen["cuda"], chosen["version"]) == ("source", None, "b1")
    assert chosen["why"] == "no archive is pinned for linux-amd64" + (
        f"; it computes on the processor, because {why}" if why else ""
    )


def test_what_uses_the_cards_stays_where_nothing_is_known_of_them():
    chosen = choose_for_cards(installed="b2-cuda-12.8")
    assert (chosen["way"], chosen["version"]) == ("installed", "b2-cuda-12.8")
    assert choose_for_cards(installed="b1-built-1")["way"] == "source"


@pytest.mark.parametrize(
    ("cards", "more", "sentence"),
    [
        ([], {"cuda": True, "expects_cards": False}, "gpu1 is not in the group gpu"),
        ([BROKEN], {"cuda": True}, "no card of gpu1 computes; run playbooks/verify.yml"),
        ([{**SM86, "capability": None}], {}, "gpu1 has a card at 0000:41:00.0 of which nobody knows what it can"),
        (
            [{**SM86, "capability": "99.0"}],
            {"libc": (2, 36)},
            "gpu1 has cards of capability 99.0 and driver 580, for which nobody has built llama.cpp here",
        ),
        ([SM86], {"libc": (2, 36), "wanted": "archive"}, "because its C library is 2.36, and the archive needs 2.39"),
    ],
)
def test_what_cannot_be_for_cards_is_a_sentence(cards, more, sentence):
    with pytest.raises(AnsibleFilterError, match=sentence):
        choose_for_cards(*cards, **more)


def model(name="qwen", **more):
    return {"name": name, "names": [name], "path": f"/m/{name}.gguf", "revision": "r1", **more}


def sections(text):
    first, *rest = text.split("\n[")
    assert first == "version = 1\n"
    found = {}
    for part in rest:
        name, _, body = part.partition("]\n")
        found[name] = dict(line.split(" = ", 1) for line in body.splitlines() if line)
    return found


def test_a_model_has_all_it_needs():
    made = FILTERS["llama_cpp_preset"](
        [model(names=["qwen", "small"], context=4096, parallel=2, projector="/m/p.gguf")], 1.5
    )
    assert sections(made["text"]) == {
        "qwen": {
            "model": "/m/qwen.gguf",
            "mmproj": "/m/p.gguf",
            "alias": "small",
            "parallel": "2",
            # Each request has what the table says.
            "ctx-size": "8192",
            "kv-unified": "false",
            "cache-ram": "1536",
            "load-on-startup": "true",
            "stop-timeout": "20",
            "tags": f"r1,{made['tags']['qwen']}",
        }
    }


def test_without_a_context_the_models_own_is_shared():
    found = sections(FILTERS["llama_cpp_preset"]([model(parallel=3)], 1)["text"])["qwen"]
    assert (found["ctx-size"], found["kv-unified"], found["parallel"]) == ("0", "true", "3")


def test_a_name_with_a_colon_is_an_alias():
    found = sections(FILTERS["llama_cpp_preset"]([model("llama3:8b")], 1)["text"])
    assert found["llama3--8b"]["alias"] == "llama3:8b"


def test_the_memory_for_prompts_is_divided():
    found = sections(FILTERS["llama_cpp_preset"]([model("a"), model("b")], 1)["text"])
    assert {one["cache-ram"] for one in found.values()} == {"512"}


def test_no_models_are_a_file_too():
    assert FILTERS["llama_cpp_preset"]([], 1) == {"text": "version = 1\n", "tags": {}}


@pytest.mark.parametrize(
    "changed",
    [{"names": ["qwen", "small"]}, {"revision": "r2"}, {"context": 1}, {"parallel": 2}, {"path": "/m/other.gguf"}],
)
def test_what_a_reload_has_to_see_is_another_line(changed):
    before, after = (FILTERS["llama_cpp_preset"]([model(**more)], 1) for more in ({}, changed))
    assert sections(before["text"])["qwen"]["tags"] != sections(after["text"])["qwen"]["tags"]


def test_options_of_an_operators_own_hold_for_every_model():
    found = sections(
        FILTERS["llama_cpp_preset"]([model("a"), model("b")], 1, {"n-gpu-layers": "all", "jinja": False})["text"]
    )
    assert all((one["n-gpu-layers"], one["jinja"]) == ("all", "false") for one in found.values())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("tools", "x has tools, which runs commands of whoever asks; leave it out."),
        ("--agent", "x has --agent, which runs commands of whoever asks; leave it out."),
        ("mcp-servers-json", "x has mcp-servers-json, which runs commands of whoever asks; leave it out."),
        ("ui-mcp-proxy", "x has ui-mcp-proxy, which asks other servers for whoever asks; leave it out."),
        ("slots", "x has slots, which gives more away than answers; leave it out."),
        ("api-key", "x has api-key, which is cluster_model_api_key; leave it out."),
        ("LLAMA_ARG_AGENT", "x has LLAMA_ARG_AGENT; write the option itself, such as n-gpu-layers."),
        ("cache-ram", "x has cache-ram, which is llama_cpp_prompt_cache_gigabytes; leave it out."),
    ],
)
def test_a_dangerous_option_is_a_sentence(name, sentence):
    assert options_problems({name: "all"}, "x") == [sentence]
    with pytest.raises(AnsibleFilterError, match="llama_cpp_options has"):
        FILTERS["llama_cpp_preset"]([model()], 1, {name: "all"})


def test_a_value_that_begins_another_line_is_a_sentence():
    faults = options_problems({"temp": "1\ntools = all"}, "x")
    assert faults == ["x.temp has a ;, a # or a line break, which llama.cpp cannot read."]


def test_other_options_are_fine():
    assert options_problems({"n-gpu-layers": 99, "flash-attn": "on"}, "x") == []
