# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Files of models, as small as their formats allow."""

from __future__ import annotations

import hashlib
import json
import struct


def safetensors(data=b"\0" * 16, header=None):
    """Return a safetensors file of one tensor, or with another header."""
    described = {"w": {"dtype": "F32", "shape": [len(data) // 4], "data_offsets": [0, len(data)]}}
    text = json.dumps(described if header is None else header).encode()
    return struct.pack("<Q", len(text)) + text + data


def gguf(data=b"\0" * 64, *, count=16, kind=0, offset=0, values=(), version=3):
    """Return a GGUF file of one tensor; `values` are numbers of the header by their names."""
    head = struct.pack("<4sIQQ", b"GGUF", version, 1, len(values) + 1)
    head += _text("general.architecture") + struct.pack("<I", 8) + _text("llama")
    for name, value in values:
        head += _text(name) + struct.pack("<IH", 2, value)
    head += _text("w") + struct.pack("<IQIQ", 1, count, kind, offset)
    return head + bytes(-len(head) % 32) + data


def _text(text):
    return struct.pack("<Q", len(text)) + text.encode()


def pointer(size):
    """Return a pointer of Git LFS to a file of so many bytes."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize {size}\n".encode()


def sha256(content):
    """Return the checksum of some bytes."""
    return hashlib.sha256(content).hexdigest()


def index(*shards):
    """Return an index that names these files."""
    return json.dumps({"weight_map": {f"w{number}": shard for number, shard in enumerate(shards)}}).encode()


def write(folder, files):
    """Write files below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
