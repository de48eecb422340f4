# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pfctl``: the texts, streams and statuses of the real program, and what it keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.macos.simulator.pf import kernel, states

FILES = Path(__file__).parents[4] / "lab/macos/files/private/etc"
ALTQ = "No ALTQ support in kernel\nALTQ related functions disabled\n"
NOTICE = """\
pfctl: Use of -f option, could result in flushing of rules
present in the main ruleset added by the system at startup.
See /etc/pf.conf for further details.

"""
NOT_LOADED = "pfctl: Syntax error in config file: pf rules not loaded\n"
ANCHOR = "com.apple/100.ours"
EXO = """\
table <exo> { 10.0.0.2, 10.0.0.1 }
pass in quick proto tcp from <exo> to any port 52415 flags any keep state
block return-rst in quick proto tcp from any to any port 52415
"""
EXO_SHOWN = """\
pass in quick proto tcp from <exo> to any port = 52415 flags any keep state
block return-rst in quick proto tcp from any to any port = 52415
"""


@pytest.fixture
def mac(mac, monkeypatch):
    """A Mac that has just started: the main rules are loaded, pf is off."""
    for name in ("pf.conf", "pf.anchors/com.apple"):
        mac.write(f"/etc/{name}", (FILES / name).read_text())
    monkeypatch.setattr(states, "kill", lambda source, target: 2)
    assert mac.run("pfctl", "-f", "/etc/pf.conf").err == NOTICE + ALTQ
    mac.calls.clear()
    return mac


def load(mac, text: str, *words: str, anchor: str = ANCHOR):
    mac.write("/rules", text)
    return mac.run("pfctl", "-q", "-a", anchor, *words, "-f", "/rules")


def printed(mac, *words: str) -> str:
    return mac.run("pfctl", "-q", *words).out


# Starting and stopping.


def test_it_is_off_after_a_start(mac) -> None:
    result = mac.run("pfctl", "-s", "info")
    assert (result.rc, result.out, result.err) == (
        0,
        "Status: Disabled                              Debug: Urgent\n",
        ALTQ,
    )


def test_a_token_starts_it_and_ends_it(mac) -> None:
    started = mac.run("pfctl", "-q", "-E")
    token = re.fullmatch(r"pf enabled\nToken : (\d{18,20})\n", started.err)
    assert (started.rc, started.out) == (0, "")
    assert token
    assert printed(mac, "-s", "info") == "Status: Enabled for 0 days 00:00:00           Debug: Urgent\n"
    lines = printed(mac, "-s", "References").splitlines()
    assert lines[:2] == ["TOKENS:", "PID      Process Name                 TOKEN                    TIMESTAMP"]
    assert re.fullmatch(rf"\d+ +pfctl                        {token[1]:24} 0 days 00:00:00", lines[2])
    ended = mac.run("pfctl", "-q", "-X", token[1])
    assert (ended.rc, ended.err) == (0, "pf disabled\n")
    assert printed(mac, "-s", "References") == "No pf starter references held\n"


def test_it_stays_on_for_the_tokens_that_are_left(mac) -> None:
    tokens = [mac.run("pfctl", "-q", "-E").err.split()[-1] for _ in range(2)]
    ended = mac.run("pfctl", "-q", "-X", tokens[0])
    text = "disable request successful. 1 more pf enable reference(s) remaining, pf still enabled.\n"
    assert (ended.rc, ended.err) == (0, text)
    assert tokens[1] in printed(mac, "-s", "References")


STATUSES = [
    pytest.param([["-X", "1"]], "pfctl: pf not enabled\n", id="token while off"),
    pytest.param([["-E"], ["-X", "1"]], "pfctl: pf: token invalid\n", id="token of nobody"),
    pytest.param([["-d"]], "pfctl: pf not enabled\n", id="stop while off"),
    pytest.param([["-e"], ["-e"]], "pfctl: pf already enabled\n", id="start while on"),
]


@pytest.mark.parametrize(("calls", "text"), STATUSES)
def test_what_cannot_be_done_is_status_1(mac, calls: list[list[str]], text: str) -> None:
    *before, last = calls
    for words in before:
        assert mac.run("pfctl", "-q", *words).rc == 0
    result = mac.run("pfctl", "-q", *last)
    assert (result.rc, result.out, result.err) == (1, "", text)


def test_stopping_it_voids_every_token(mac) -> None:
    token = mac.run("pfctl", "-q", "-E").err.split()[-1]
    assert mac.run("pfctl", "-q", "-d").err == "pf disabled\n"
    assert mac.run("pfctl", "-q", "-e").err == "pf enabled\n"
    assert mac.run("pfctl", "-q", "-X", token).err == "pfctl: pf: token invalid\n"


def test_nothing_survives_a_restart(mac, monkeypatch) -> None:
    load(mac, EXO, "-E")
    monkeypatch.setattr(kernel, "boot_session", lambda context: "another start")
    assert printed(mac, "-s", "info").startswith("Status: Disabled")
    assert printed(mac, "-s", "References") == "No pf starter references held\n"
    assert mac.run("pfctl", "-q", "-a", ANCHOR, "-s", "rules").err == "pfctl: DIOCGETRULES: Invalid argument\n"


# Who may.


def test_only_root_may(mac) -> None:
    result = mac.run("pfctl", "-s", "info", uid=501)
    assert (result.rc, result.out, result.err) == (1, "", "pfctl: /dev/pf: Permission denied\n")


def test_anybody_may_have_a_file_checked(mac) -> None:
    mac.write("/rules", EXO)
    assert mac.run("pfctl", "-n", "-f", "/rules", uid=501).rc == 0


def test_hidden_anchors_are_refused(mac) -> None:
    result = mac.run("pfctl", "-a", "com.apple/_ours", "-s", "rules")
    text = "pfctl: anchor names beginning with '_' cannot be modified from the command line\n"
    assert (result.rc, result.err) == (1, text)


# Loading and showing.


def test_the_main_rules(mac) -> None:
    assert printed(mac, "-sr") == 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n'
    assert printed(mac, "-sn") == 'nat-anchor "com.apple/*" all\nrdr-anchor "com.apple/*" all\n'
    assert printed(mac, "-a", "com.apple", "-sr") == (
        'anchor "200.AirDrop/*" all\nanchor "250.ApplicationFirewall/*" all\n'
    )
    assert printed(mac, "-s", "Anchors") == "  com.apple\n"
    assert printed(mac, "-v", "-s", "Anchors") == (
        "  com.apple\n  com.apple/200.AirDrop\n  com.apple/250.ApplicationFirewall\n"
    )


def test_an_anchor_is_loaded_silently_and_shown_in_canonical_words(mac) -> None:
    result = load(mac, EXO)
    assert (result.rc, result.out, result.err) == (0, "", "")
    assert printed(mac, "-a", ANCHOR, "-s", "rules") == EXO_SHOWN
    assert printed(mac, "-a", ANCHOR, "-s", "Tables") == "exo\n"
    assert printed(mac, "-a", ANCHOR, "-t", "exo", "-T", "show") == "   10.0.0.1\n   10.0.0.2\n"


def test_a_check_prints_tables_too_and_loads_nothing(mac) -> None:
    assert load(mac, EXO, "-n", "-v").out == "table <exo> { 10.0.0.2 10.0.0.1 }\n" + EXO_SHOWN
    assert mac.run("pfctl", "-q", "-a", ANCHOR, "-s", "rules").err == "pfctl: DIOCGETRULES: Invalid argument\n"


CANONICAL = [
    pytest.param("pass", ["pass all flags S/SA keep state"], id="everything"),
    pytest.param("block in all", ["block drop in all"], id="a block drops"),
    pytest.param("pass in from any to any no state", ["pass in all no state"], id="any to any is all"),
    pytest.param(
        "pass in proto { tcp, udp } from any to any port { 53 80 }",
        [
            "pass in proto tcp from any to any port = 53 flags S/SA keep state",
            "pass in proto tcp from any to any port = 80 flags S/SA keep state",
            "pass in proto udp from any to any port = 53 keep state",
            "pass in proto udp from any to any port = 80 keep state",
        ],
        id="lists become rules",
    ),
    pytest.param(
        'lan = "10.0.0.0/24"\nblock return quick on en0 from $lan to any',
        ["block return quick on en0 inet from 10.0.0.0/24 to any"],
        id="macros are gone, addresses give the family",
    ),
    pytest.param(
        "pass in from 10.0.0.1/32 to any port 1000:1010",
        ["pass in inet from 10.0.0.1 to any port 1000:1010 flags S/SA keep state"],
        id="a host has no prefix length",
    ),
    pytest.param(
        'block in on ! lo0 inet6 proto tcp from ! fe80::/10 to any \\\n  port ssh label "login"',
        ['block drop in on ! lo0 inet6 proto tcp from ! fe80::/10 to any port = 22 label "login"'],
        id="negation, continued line, label",
    ),
    pytest.param(
        "pass out quick proto tcp from any to any port { 80, 443 } user 451 flags S/SA no state",
        [
            "pass out quick proto tcp from any to any port = 80 user = 451 flags S/SA no state",
            "pass out quick proto tcp from any to any port = 443 user = 451 flags S/SA no state",
        ],
        id="a user by number",
    ),
    pytest.param(
        "block out quick proto udp all user root",
        ["block drop out quick proto udp all user = 0"],
        id="a user by name",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CANONICAL)
def test_the_canonical_print(mac, text: str, expected: list[str]) -> None:
    assert load(mac, text).rc == 0
    assert printed(mac, "-a", ANCHOR, "-s", "rules").splitlines() == expected
    assert load(mac, text, "-n", "-v").out.splitlines() == expected


REFUSED = [
    pytest.param("pass in quicker all\n", "/rules:1: syntax error\n", id="unknown word"),
    pytest.param("# x\n\npass in proto tcp to port\n", "/rules:3: syntax error\n", id="line number"),
    pytest.param("pass in from 10.0.0.300 to any\n", "/rules:1: syntax error\n", id="no address"),
    pytest.param("pass in proto udp all flags any\n", "/rules:1: syntax error\n", id="flags of UDP"),
    pytest.param("pass in inet6 from 10.0.0.1 to any\n", "/rules:1: syntax error\n", id="wrong family"),
    pytest.param("pass in user root\n", "/rules:1: syntax error\n", id="beyond what is simulated"),
    pytest.param("pass in proto tcp all user root\n", "/rules:1: syntax error\n", id="whose socket it reaches"),
    pytest.param("pass out all user root\n", "/rules:1: syntax error\n", id="a user of every protocol"),
    pytest.param(
        "pass out proto tcp all user nosuch\n",
        "/rules:1: unknown user nosuch\n",
        id="an unknown user",
    ),
    pytest.param(
        "table <a> { 10.0.0.1 }\ntable <a> { 10.0.0.2 }\n",
        "/rules:2: cannot define table a: Resource busy\n",
        id="a table twice",
    ),
    pytest.param(
        'pass all\nscrub-anchor "x"\n',
        "/rules:2: Rules must be in order: options, normalization, queueing, translation, filtering\n",
        id="order",
    ),
    pytest.param(
        "pass in from $lan to any\n",
        "/rules:1: macro 'lan' not defined\n/rules:1: syntax error\n",
        id="a macro of nobody",
    ),
]


@pytest.mark.parametrize(("text", "error"), REFUSED)
def test_a_mistake_leaves_the_old_rules(mac, text: str, error: str) -> None:
    load(mac, EXO)
    result = load(mac, text)
    assert (result.rc, result.out, result.err) == (1, "", error + NOT_LOADED)
    assert printed(mac, "-a", ANCHOR, "-s", "rules") == EXO_SHOWN
    checked = load(mac, text, "-n")
    assert (checked.rc, checked.err) == (1, error)


def test_a_missing_file(mac) -> None:
    result = mac.run("pfctl", "-q", "-f", "/nowhere")
    text = "pfctl: /nowhere: No such file or directory\n"
    text += "pfctl: cannot open the main config file!: No such file or directory\n"
    assert (result.rc, result.err) == (1, text)


def test_standard_input_has_a_name(mac) -> None:
    result = mac.run("pfctl", "-q", "-a", ANCHOR, "-f", "-", stdin="nonsense\n")
    assert (result.rc, result.err) == (1, "stdin:1: syntax error\n" + NOT_LOADED)


def test_the_main_file_again_loses_what_others_added_to_it(mac) -> None:
    load(mac, EXO)
    text = (FILES / "pf.conf").read_text()
    mac.write("/other", f"{text}\npass in quick proto tcp from any to any port 1\n")
    assert mac.run("pfctl", "-q", "-f", "/other").rc == 0
    assert "port = 1 " in printed(mac, "-sr")
    mac.run("pfctl", "-q", "-f", "/etc/pf.conf")
    assert "port = 1 " not in printed(mac, "-sr")
    assert printed(mac, "-a", ANCHOR, "-s", "rules") == EXO_SHOWN


def test_a_table_of_the_main_rules_cannot_be_loaded_again(mac) -> None:
    mac.write("/other", "table <vm> { 10.0.0.1 }\npass in from <vm> to any\n")
    assert mac.run("pfctl", "-q", "-f", "/other").rc == 0
    again = mac.run("pfctl", "-q", "-f", "/other")
    assert (again.rc, again.err) == (1, "/other:1: cannot define table vm: Resource busy\n" + NOT_LOADED)


# Tables, flushing, states.

TABLE = [
    pytest.param(["add", "10.0.0.3"], "1/1 addresses added.\n", "10.0.0.1 10.0.0.2 10.0.0.3", id="add"),
    pytest.param(["delete", "10.0.0.3"], "0/1 addresses deleted.\n", "10.0.0.1 10.0.0.2", id="delete nothing"),
    pytest.param(["delete", "10.0.0.2"], "1/1 addresses deleted.\n", "10.0.0.1", id="delete"),
    pytest.param(
        ["replace", "10.0.0.1", "fe80::/10"],
        "1 addresses added.\n1 addresses deleted.\n",
        "10.0.0.1 fe80::/10",
        id="replace",
    ),
    pytest.param(["replace", "10.0.0.2", "10.0.0.1"], "no changes.\n", "10.0.0.1 10.0.0.2", id="replace by the same"),
]


@pytest.mark.parametrize(("words", "said", "left"), TABLE)
def test_tables(mac, words: list[str], said: str, left: str) -> None:
    load(mac, EXO)
    result = mac.run("pfctl", "-q", "-a", ANCHOR, "-t", "exo", "-T", *words)
    assert (result.rc, result.out, result.err) == (0, "", said)
    assert printed(mac, "-a", ANCHOR, "-t", "exo", "-T", "show").split() == left.split()


def test_a_table_that_is_not_there(mac) -> None:
    result = mac.run("pfctl", "-q", "-a", ANCHOR, "-t", "exo", "-T", "show")
    assert (result.rc, result.out, result.err) == (255, "", "pfctl: Table does not exist.\n")


def test_flushing_an_anchor(mac) -> None:
    load(mac, EXO)
    result = mac.run("pfctl", "-q", "-a", ANCHOR, "-F", "all")
    assert (result.rc, result.err) == (0, "rules cleared\nnat cleared\ndummynet cleared\n1 tables deleted.\n")
    assert mac.run("pfctl", "-q", "-a", ANCHOR, "-s", "rules").out == ""
    assert printed(mac, "-sr").endswith('anchor "com.apple/*" all\n')


def test_flushing_everything(mac) -> None:
    result = mac.run("pfctl", "-q", "-F", "all")
    assert result.err == (
        "rules cleared\nnat cleared\ndummynet cleared\n0 tables deleted.\n2 states cleared\npf: interface flags reset\n"
    )
    assert printed(mac, "-sr") == ""


@pytest.mark.parametrize(("words", "targets"), [(["-k", "10.0.0.1"], 0), (["-k", "10.0.0.1", "-k", "10.0.0.2"], 1)])
def test_killing_states(mac, words: list[str], targets: int) -> None:
    result = mac.run("pfctl", "-q", *words)
    assert (result.rc, result.err) == (0, f"killed 2 states from 1 sources and {targets} destinations\n")


def test_nothing_is_applied_while_it_is_off_and_everything_once_it_is_on(mac) -> None:
    load(mac, EXO)
    assert mac.calls == [["nft", "-f", "-"]]
    mac.run("pfctl", "-q", "-s", "info")
    assert len(mac.calls) == 1
    mac.run("pfctl", "-q", "-E")
    assert len(mac.calls) == 2
