# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""squid_configuration: what Squid does not accept never takes the place of what it did."""

from __future__ import annotations

import pytest

from tests.unit.plugins.harness import call

PATH = "/squid/squid.conf"
ARGUMENTS = {"path": PATH, "content": "via off\n", "program": "/usr/sbin/squid"}
PARSE = ["/usr/sbin/squid", "-k", "parse", "-f", f"{PATH}.new"]
# As Squid 5.7 prints them; all but the last with exit status 0.
PROCESSING = "2026/11/21 12:25:12| Processing: via off\n2026/11/21 12:25:12| WARNING: use of 'ignore-reload' in 'x'\n"
PATTERN = "2026/11/21 12:25:41| ERROR: Skipping regular expression. Compile failed: '^(a'\n"
UNKNOWN = f"2026/11/21 12:25:17| {PATH}.new(44): unrecognized: 'vxia'\n"
BUNGLED = f"2026/11/21 12:25:41| FATAL: Bungled {PATH}.new line 47: acl z\n"


@pytest.fixture
def configure(run_module, host_files):
    """Run the module on a host that has a configuration."""
    (host_files / "squid").mkdir()

    def run(calls, before="via on\n", check=False):
        if before is not None:
            (host_files / "squid/squid.conf").write_text(before)
            (host_files / "squid/squid.conf").chmod(0o644)
        result = run_module("squid_configuration", ARGUMENTS, calls, check=check, system="Linux")
        assert [path.name for path in (host_files / "squid").iterdir()] in (["squid.conf"], [])
        return result, (host_files / "squid/squid.conf").read_text() if (
            host_files / "squid/squid.conf"
        ).exists() else ""

    return run


@pytest.mark.parametrize("before", ["via on\n", None], ids=["another", "none"])
def test_what_squid_accepts_takes_its_place(configure, before):
    result, content = configure([call(PARSE, err=PROCESSING)], before)
    assert (result["changed"], result["previous"], content) == (True, before or "", "via off\n")


def test_nothing_is_asked_when_nothing_changes(configure):
    result, _ = configure([], "via off\n")
    assert not result["changed"]


def test_check_mode_predicts_and_writes_nothing(configure):
    result, content = configure([], check=True)
    assert (result["changed"], content) == (True, "via on\n")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(call(PARSE, err=PATTERN), "Compile failed: '^(a'", id="a pattern it would skip"),
        pytest.param(call(PARSE, err=UNKNOWN, rc=1), "unrecognized: 'vxia'", id="a word it does not know"),
        pytest.param(call(PARSE, err=BUNGLED, rc=1), "Bungled the new file line 47", id="a line it cannot read"),
        pytest.param(call(PARSE, rc=1), "Squid refuses", id="without a word"),
    ],
)
def test_what_squid_refuses_changes_nothing(configure, answer, words):
    result, content = configure([answer])
    assert result["failed"]
    assert words in result["msg"]
    assert content == "via on\n"
