# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The tokenizers of the generated models: one token for each byte, as safetensors programs and as llama.cpp want it."""

from __future__ import annotations

from typing import NamedTuple

SPECIAL = ("<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|end|>")
BYTE_LEVEL_SIZE = len(SPECIAL) + 256
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}{% endfor %}{% if add_generation_prompt %}{% endif %}"
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6


class Piece(NamedTuple):
    """A token of llama.cpp."""

    text: str
    kind: int
    score: float


def pieces() -> list[Piece]:
    """Return the tokens of llama.cpp: special ones, bytes, and letters with the mark of a space."""
    special = [Piece("<unk>", _UNKNOWN, 0.0), Piece("<s>", _CONTROL, 0.0), Piece("</s>", _CONTROL, 0.0)]
    letters = [Piece(letter, _NORMAL, -float(rank)) for rank, letter in enumerate(["\u2581", *_LETTERS], 1)]
    return [*special, *(Piece(f"<0x{byte:02X}>", _BYTE, 0.0) for byte in range(256)), *letters]


def piece_letters() -> tuple[int, ...]:
    """Return which of them are small letters."""
    return tuple(number for number, piece in enumerate(pieces()) if piece.text in _LETTERS)


def _alphabet() -> list[str]:
    """Return the printable character that byte-level tokenizers write for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def byte_level_letters() -> tuple[int, ...]:
    """Return the tokens of small letters in a byte-level tokenizer."""
    return tuple(len(SPECIAL) + ord(letter) for letter in _LETTERS)


def byte_level() -> dict[str, object]:
    """Return tokenizer.json: one token per byte."""
    vocabulary = {token: number for number, token in enumerate((*SPECIAL, *_alphabet()))}
    added = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for number, token in enumerate(SPECIAL)
    ]
    form = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": form,
        "post_processor": None,
        "decoder": form,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocabulary,
            "merges": [],
        },
    }


def byte_level_config(context: int) -> dict[str, object]:
    """Return tokenizer_config.json."""
    return {
        "bos_token": "<s>",
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "</s>",
        "model_max_length": context,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
    }
