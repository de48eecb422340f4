# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Headers, pointers and indexes: what is wrong with a file is said before it is served."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import content, gguf, text

from tests.unit.plugins.model_files import gguf as gguf_file
from tests.unit.plugins.model_files import index, pointer, safetensors, write

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("name", "file", "sentence"),
    [
        pytest.param("m.safetensors", safetensors(), None, id="whole"),
        pytest.param("m.safetensors", safetensors()[:-1], "has {n} bytes and should have", id="a byte less"),
        pytest.param("m.safetensors", safetensors() + b"x", "should have", id="a byte more"),
        pytest.param("m.safetensors", safetensors()[:20], "its header alone should have", id="cut in the header"),
        pytest.param("m.safetensors", b"{}", "no header of a safetensors file", id="too short"),
        pytest.param("m.safetensors", b"\xff" * 100, "does not begin with the header", id="garbage"),
        pytest.param("m.safetensors", b"\0" * 100, "does not begin with the header", id="zeros"),
        pytest.param("m.safetensors", struct.pack("<Q", 8) + b"no json!", "is not JSON", id="no JSON"),
        pytest.param("m.safetensors", safetensors(header={"w": 1}), "describes no tensors", id="no tensors"),
        pytest.param(
            "m.safetensors",
            safetensors(header={"w": {"dtype": "F32", "shape": [5], "data_offsets": [0, 16]}}),
            "the tensor w has not the bytes of its shape",
            id="another shape",
        ),
        pytest.param(
            "m.safetensors",
            safetensors(header={"w": {"dtype": "NEW", "shape": [5], "data_offsets": [0, 16]}}),
            None,
            id="an unknown type is believed",
        ),
        pytest.param("m.safetensors", pointer(4_900_000_000), "pointer of Git LFS with 13", id="pointer"),
        pytest.param("m.gguf", gguf_file(), None, id="gguf"),
        pytest.param("m.gguf", gguf_file() + b"\0" * 32, None, id="gguf with padding"),
        pytest.param("m.gguf", gguf_file()[:-1], "should have", id="gguf, a byte less"),
        pytest.param("m.gguf", gguf_file(count=32, kind=2, data=b"\0" * 18), None, id="gguf of blocks"),
        pytest.param("m.gguf", gguf_file(count=64, kind=2, data=b"\0" * 18), "should have", id="gguf, a block less"),
        pytest.param("m.gguf", gguf_file(count=640, kind=99), None, id="gguf, an unknown type is believed"),
        pytest.param("m.gguf", gguf_file()[:40], "ends within its own header", id="gguf, cut in the header"),
        pytest.param("m.gguf", b"GGML" + b"\0" * 60, "does not begin as a GGUF file", id="not gguf"),
        pytest.param("m.gguf", gguf_file(version=9), "has version 9 of GGUF", id="gguf of a later version"),
        pytest.param("m.gguf", struct.pack("<4sIQQ", b"GGUF", 3, 1 << 60, 1), "impossible lengths", id="gguf, huge"),
        pytest.param("m.gguf", pointer(1_200_000_000), "and should have 1.1 GB", id="gguf pointer"),
        pytest.param("tokenizer.json", pointer(3000), "is a pointer of Git LFS", id="any pointer"),
        pytest.param("tokenizer.json", b"{}", None, id="other files have no header"),
    ],
)
def test_one_file(tmp_path, name, file, sentence):
    (tmp_path / name).write_bytes(file)
    found = content.problems(tmp_path, [name])
    assert len(found) == (0 if sentence is None else 1)
    if sentence:
        assert found[0].startswith(f"{name} ")
        assert sentence.format(n=len(file)) in found[0]


@pytest.mark.parametrize(
    ("names", "named", "sentences"),
    [
        pytest.param([ONE, TWO], [ONE, TWO], [], id="all"),
        pytest.param([ONE], [ONE, TWO], [f"{INDEX} names {TWO}, which is not there."], id="one is absent"),
        pytest.param(
            [ONE, TWO, "model-00003-of-00003.safetensors"],
            [ONE, TWO],
            [f"{INDEX} does not name model-00003-of-00003.safetensors, which is there: it is of another revision."],
            id="one of another revision",
        ),
        pytest.param(
            [ONE, TWO, "model.safetensors"],
            [ONE, TWO],
            [f"{INDEX} does not name model.safetensors, which is there: it is of another revision."],
            id="a stray whole",
        ),
        pytest.param(
            [ONE, TWO],
            None,
            [f"{ONE}, {TWO} are parts of a model without {INDEX}, which says what belongs together."],
            id="no index",
        ),
        pytest.param(["model.safetensors"], None, [], id="one file needs no index"),
    ],
)
def test_index(tmp_path, names, named, sentences):
    write(tmp_path, {name: safetensors() for name in names})
    if named:
        write(tmp_path, {INDEX: index(*named)})
    listed = [*names, *([INDEX] if named else [])]
    assert content.problems(tmp_path, listed) == sentences


def test_a_damaged_index(tmp_path):
    write(tmp_path, {"model.safetensors": safetensors(), INDEX: b"{"})
    assert content.problems(tmp_path, ["model.safetensors", INDEX]) == [
        f"{INDEX} names no files of weights: it is damaged."
    ]


def test_parts_of_a_gguf_model(tmp_path):
    names = [f"m-{number:05}-of-00003.gguf" for number in (1, 2, 3)]
    write(tmp_path, {name: gguf_file(values=[("split.count", 3)]) for name in names})
    assert content.problems(tmp_path, names) == []
    assert content.problems(tmp_path, [names[0], names[2]]) == [f"{names[0]} needs {names[1]}, which is not there."]
    (tmp_path / names[0]).rename(tmp_path / "m.gguf")
    assert content.problems(tmp_path, ["m.gguf"]) == ["m.gguf is one of 3 parts and has not the name of one."]
    assert gguf.parts(tmp_path / "m.gguf") == 3


def test_no_terminal_obeys_a_name(tmp_path):
    header = {"\x1b]0;x\x07": {"dtype": "F32", "shape": [5], "data_offsets": [0, 16]}}
    (tmp_path / "m.safetensors").write_bytes(safetensors(header=header))
    assert "\x1b" not in content.problems(tmp_path, ["m.safetensors"])[0]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (135, "135 bytes"),
        (20480, "20 kB"),
        (5 << 20, "5.0 MB"),
        (4_900_000_000, "4.6 GB"),
        (100 << 30, "100 GB"),
    ],
)
def test_sizes(count, said):
    assert text.size(count) == said
