# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a checker says is shown without the words of what it checked, however it repeats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _masking

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """\
global:
  scrape_interval: 15s
scrape_configs:
  - job_name: meters
    pasword_file: /run/key
    basic_auth:
      username: bob
      password: correct-horse
    params:
      token: ["Tok-8d0f2a"]
      "quoted_key": "caf\\xE9-n\\u0153ud"
    static_configs:
      - targets: ["https://hook.example/T0KEN/B4DGE"]
"""
PATH = "/opt/hybrid-ai/etc/prometheus/prometheus.yml"
CASES = [
    pytest.param(
        f"Checking {PATH} FAILED: yaml: unmarshal errors: line 5: field pasword_file not found in type config.Scrape",
        f"Checking {PATH} FAILED: yaml: unmarshal errors: line 5: field pasword_file not found in type config.Scrape",
        id="a misspelt key stays readable",
    ),
    pytest.param("password correct-horse is too short", "password *** is too short", id="whole"),
    pytest.param('"https://hook.example/T0KEN/B4DGE" is not a host', '"***" is not a host', id="address"),
    pytest.param("line 11: cannot unmarshal !!str `correct...`", "line 11: cannot unmarshal !!str `***...`", id="cut"),
    pytest.param(
        "cannot unmarshal !!str `corr...` into X", "cannot unmarshal !!str `***...` into X", id="cut in a word"
    ),
    pytest.param("TOK-8D0F2A is refused", "*** is refused", id="in capitals"),
    pytest.param("café-nœud is refused", "*** is refused", id="unescaped"),
    pytest.param("caf\\u00e9-n\\u0153ud is refused", "*** is refused", id="escaped otherwise"),
    pytest.param("caf%C3%A9-n%C5%93ud is refused", "*** is refused", id="in an address"),
    pytest.param("no word of it", "no word of it", id="nothing secret"),
]


@pytest.mark.parametrize(("said", "shown"), CASES)
def test_what_is_shown(said: str, shown: str) -> None:
    assert _masking.masked(said, [CONFIGURATION], [PATH]) == shown


def test_a_number_of_a_line_is_shown_and_a_number_that_is_a_secret_is_not() -> None:
    said = "line 4711: 4711 is not a valid name; see bob:4711@host"
    assert _masking.masked(said, ["pin 4711"]) == "line 4711: *** is not a valid name; see bob:***@host"


def test_without_secrets_nothing_is_hidden() -> None:
    assert _masking.masked("naïve `cut...` \\x41", []) == "naïve `cut...` \\x41"


def test_files_are_read_and_links_are_not(host_files: Path) -> None:
    folder = host_files / "etc/meter"
    (folder / "rules").mkdir(parents=True)
    (folder / "main.yml").write_text("one")
    (folder / "rules/more.yml").write_text("two")
    (host_files / "key").write_text("three")
    (folder / "link.yml").symlink_to(host_files / "key")
    assert list(_masking.texts_below(["/etc/meter", "/key", "/missing"])) == ["one", "two", "three"]
    assert _files.real("/etc/meter") == folder
