# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Forms with files: read strictly, and written anew."""

from __future__ import annotations

import pytest

from hybrid_cluster.gateway import forms
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.forms import Part

TYPE = 'multipart/form-data; boundary="x y"'
FILE = 'name="file"; filename="a.wav"\r\nContent-Type: audio/wav'
MODEL = ('name="model"', b"m")


def form(*parts):
    pieces = [f"--x y\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value for head, value in parts]
    return b"\r\n".join([*pieces, b"--x y--\r\n"])


def test_a_form_is_read_and_written_anew():
    found = forms.parse(TYPE, form(MODEL, (FILE, b"\r\n--x\r\n\0"), ('name="timestamp_granularities[]"', b"word")))
    assert found.parts[1] == Part("file", b"\r\n--x\r\n\0", "a.wav", "audio/wav")
    assert (found.model, found.field("model"), found.field("language")) == ("m", "m", "")
    content_type, raw = found.write("inner")
    again = forms.parse(content_type, raw)
    assert again.model == "inner"
    assert again.parts[1:] == found.parts[1:]


def test_a_list_may_have_several_parts():
    part = ('name="include[]"', b"a")
    assert len(forms.parse(TYPE, form(MODEL, part, part)).parts) == 3


@pytest.mark.parametrize(
    ("content_type", "raw", "sentence"),
    [
        ("application/json", form(MODEL), "it is not multipart/form-data with a boundary"),
        ("multipart/form-data", form(MODEL), "it is not multipart/form-data with a boundary"),
        (f"{TYPE}; boundary=z", form(MODEL), "it is not multipart/form-data with a boundary"),
        (TYPE, b"", "it does not begin and end with its boundary"),
        (TYPE, b"before\r\n" + form(MODEL), "it does not begin and end with its boundary"),
        (TYPE, form(MODEL)[:-6], "it does not begin and end with its boundary"),
        (TYPE, form(MODEL, ("name=model", b"n")), "one of its parts has a head that can be read in two ways"),
        (TYPE, form(MODEL, ("name=\"a\"; name*=utf-8''model", b"n")), "a head that can be read in two ways"),
        (TYPE, form(MODEL, ('name="a"\r\nContent-Disposition: form-data; name="model"', b"n")), "read in two ways"),
        (TYPE, form(MODEL, ('name="a"\r\nContent-Transfer-Encoding: base64', b"n")), "read in two ways"),
        (TYPE, form(MODEL, ('name="ä"', b"n")), "has no head that can be read"),
        (TYPE, form(*[MODEL] * 65), "it has more than 64 parts"),
        (TYPE, form(MODEL, MODEL), "The field 'model' is there twice."),
        (TYPE, form(MODEL, ('name="Model"', b"n")), "The field 'model' is there twice."),
        (TYPE, form(('name="MODEL"', b"n")), "Write 'model' in small letters."),
        (TYPE, form(), "'model' is missing."),
        (TYPE, form(('name="a"', b"n")), "'model' is missing."),
        (TYPE, form(('name="model"; filename="a"', b"n")), "'model' is missing."),
        (TYPE, form(('name="model"', b"")), "'model' must be a text"),
        (TYPE, form(('name="model"', b"a\r\nb")), "'model' must be a text"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(content_type, raw, sentence):
    with pytest.raises(Failure) as caught:
        forms.parse(content_type, raw)
    assert caught.value.status == 400
    assert sentence in caught.value.message
