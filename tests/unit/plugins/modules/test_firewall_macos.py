# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The firewall module on a Mac: what it reads, what it runs, and what it makes of the answers."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import pf_scripts

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PFCTL = "/sbin/pfctl"
LAUNCHCTL = "/bin/launchctl"
ANCHOR = ["-a", "com.apple/100.hybrid-ai"]
ALTQ = "No ALTQ support in kernel\nALTQ related functions disabled\n"
NOTICE = (
    "pfctl: Use of -f option, could result in flushing of rules\npresent in the main ruleset added by the system at "
    "startup.\nSee /etc/pf.conf for further details.\n\n"
)
SESSION = "A1B2"
TOKEN = "11012949885072952621"
RULES = {
    "tables": {"exo": ["10.0.0.2", "10.0.0.1"]},
    "rules": [
        {"action": "pass", "interface": "loopback"},
        {"action": "pass", "protocol": "tcp", "port": 22},
        {"action": "pass", "protocol": "tcp", "port": 52415, "source": "exo"},
        {"action": "reset", "protocol": "tcp", "port": 52415},
        {"action": "pass", "protocol": "udp", "port": 53, "source": "exo"},
        {"action": "reset", "protocol": "udp", "port": 53},
    ],
}
TEXT = """\
# Written by hybrid_ai.cluster; changes are taken back within a minute.
table <exo> { 10.0.0.1, 10.0.0.2 }
pass quick on lo0 all flags any keep state
pass in quick proto tcp from any to any port 22 flags any keep state
pass in quick proto tcp from <exo> to any port 52415 flags any keep state
block return-rst in quick proto tcp from any to any port 52415
pass in quick proto udp from <exo> to any port 53 keep state
block drop in quick proto udp from any to any port 53
"""
LOADED = """\
pass quick on lo0 all flags any keep state
pass in quick proto tcp from any to any port = 22 flags any keep state
pass in quick proto tcp from <exo> to any port = 52415 flags any keep state
block return-rst in quick proto tcp from any to any port = 52415
pass in quick proto udp from <exo> to any port = 53 keep state
block drop in quick proto udp from any to any port = 53
"""
MAIN = 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n'


def pf(*words: str, out: str = "", err: str = "", rc: int = 0, stdin: str | None = None) -> Call:
    return call([PFCTL, *words], out=out, err=ALTQ + err, rc=rc, stdin=stdin)


UNDERSTAND = pf(
    *ANCHOR, "-n", "-v", "-f", "-", out=f"table <exo> {{ 10.0.0.1 10.0.0.2 }}\n{LOADED}", err=NOTICE, stdin=TEXT
)
LOAD = pf(*ANCHOR, "-f", "-", err=NOTICE, stdin=TEXT)
ENABLE = pf("-E", err=f"pf enabled\nToken : {TOKEN}\n")
ASK_SESSION = call(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], out=f"{SESSION}\n")
NO_OVERRIDE = call([LAUNCHCTL, "print-disabled", "system"], out="\tdisabled services = {\n\t}\n")


def references(*tokens: str) -> Call:
    rows = "".join(f"4063     pfctl                        {token}     0 days 00:00:00\n" for token in tokens)
    head = "TOKENS:\nPID      Process Name                 TOKEN                    TIMESTAMP\n"
    return pf("-s", "References", out=head + rows if tokens else "No pf starter references held\n")


def job(label: str, *, loaded: bool) -> Call:
    path = f"/Library/LaunchDaemons/{label}.plist"
    argv = [LAUNCHCTL, "print", f"system/{label}"]
    return call(argv, out=f"x = {{\n\tpath = {path}\n\tstate = not running\n}}\n") if loaded else call(argv, rc=113)


KEEPER = pf_scripts.LABEL
UNDO = pf_scripts.UNDO.label


def read(
    rules: str | None = LOADED,
    table: str | None = "   10.0.0.2\n   10.0.0.1\n",
    *,
    enabled: bool = True,
    tokens: tuple[str, ...] | None = (TOKEN,),
    session: bool = True,
    main: str = MAIN,
    daemon: bool = True,
) -> list[Call]:
    """Everything the module asks; `tokens` is None where it has no token of this start to ask about."""
    if rules is None:
        calls = [pf(*ANCHOR, "-s", "rules", err="pfctl: DIOCGETRULES: Invalid argument\n")]
    else:
        calls = [pf(*ANCHOR, "-s", "rules", out=rules)]
    calls.append(pf("-s", "rules", out=main))
    show = [*ANCHOR, "-t", "exo", "-T", "show"]
    if rules:
        missing = pf(*show, rc=255, err="pfctl: Table does not exist.\n")
        calls.append(missing if table is None else pf(*show, out=table))
    state = "Status: Enabled for 0 days 00:00:09           Debug: Urgent\n"
    calls.append(pf("-s", "info", out=state if enabled else "Status: Disabled          Debug: Urgent\n"))
    calls += [ASK_SESSION] if session else []
    calls += [references(*tokens)] if tokens is not None else []
    return [*calls, NO_OVERRIDE, job(KEEPER, loaded=daemon)]


BARE = {"rules": None, "enabled": False, "tokens": None, "session": False, "daemon": False}


def put(root: Path, path: str, content: bytes | str, mode: int = 0o644) -> None:
    real = root / path.lstrip("/")
    real.parent.mkdir(parents=True, exist_ok=True)
    real.write_bytes(content if isinstance(content, bytes) else content.encode())
    real.chmod(mode)


@pytest.fixture
def there(host_files: Path) -> Path:
    """Everything in place, as an earlier run left it."""
    put(host_files, pf_scripts.RULES, TEXT)
    put(host_files, pf_scripts.KEEPER, pf_scripts.KEEP, 0o755)
    put(host_files, pf_scripts.TOKEN, f"{SESSION} {TOKEN}\n", 0o600)
    put(host_files, f"/Library/LaunchDaemons/{KEEPER}.plist", plistlib.dumps(pf_scripts.keeper_plist()))
    return host_files


@pytest.fixture
def bare(host_files: Path) -> Path:
    (host_files / "Library/LaunchDaemons").mkdir(parents=True)
    return host_files


def test_nothing_to_change(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    result = run_module("firewall", {**RULES, "undo_after": 60}, [*read(), UNDERSTAND])
    assert (result["changed"], result["undo_pending"]) == (False, False)
    assert result["diff"]["before"] == result["diff"]["after"]


def test_blanks_and_the_order_in_a_table_do_not_matter(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    found = read(LOADED.replace(" quick", "   quick"), "   10.0.0.1\n   10.0.0.2\n")
    assert run_module("firewall", RULES, [*found, UNDERSTAND])["changed"] is False


def test_check_mode_predicts_and_runs_only_what_reads(run_module: Callable[..., dict[str, Any]], bare: Path) -> None:
    result = run_module("firewall", {**RULES, "undo_after": 60}, [*read(**BARE), UNDERSTAND], check=True)
    assert (result["changed"], result["undo_pending"]) == (True, False)
    assert result["diff"]["before"] == {
        "rules": [],
        "tables": {},
        "packet filter": "disabled",
        "reference": "none",
        "anchor point": "there",
        "file": "none",
        "keeper": "none",
        "daemon": "none",
    }
    assert result["diff"]["after"] == {
        "rules": LOADED.splitlines(),
        "tables": {"exo": ["10.0.0.1", "10.0.0.2"]},
        "packet filter": "enabled",
        "reference": "held",
        "anchor point": "there",
        "file": "current",
        "keeper": "current",
        "daemon": "loaded",
    }
    assert not (bare / "opt").exists()


def test_the_first_rules_wait_for_their_confirmation(run_module: Callable[..., dict[str, Any]], bare: Path) -> None:
    undo = f"/Library/LaunchDaemons/{UNDO}.plist"
    calls = [
        *read(**BARE),
        UNDERSTAND,
        job(UNDO, loaded=False),
        call([LAUNCHCTL, "bootstrap", "system", undo]),
        job(UNDO, loaded=True),
        LOAD,
        ASK_SESSION,
        ENABLE,
        *read(session=False, daemon=False),
    ]
    result = run_module("firewall", {**RULES, "undo_after": 60}, calls)
    assert (result["changed"], result["undo_pending"]) == (True, True)
    assert "The rules are taken back in 60 seconds unless a call with confirm comes" in str(result["warnings"])
    assert (bare / pf_scripts.TOKEN.lstrip("/")).read_text() == f"{SESSION} {TOKEN}\n"
    assert (bare / pf_scripts.UNDO.script.lstrip("/")).read_text().splitlines()[2] == "/bin/sleep 60"
    assert plistlib.loads((bare / undo.lstrip("/")).read_bytes())["RunAtLoad"] is True
    assert not (bare / pf_scripts.RULES.lstrip("/")).exists(), "only confirmed rules are loaded at boot"


def test_a_confirmation_makes_them_permanent(run_module: Callable[..., dict[str, Any]], bare: Path) -> None:
    put(bare, pf_scripts.TOKEN, f"{SESSION} {TOKEN}\n", 0o600)
    put(bare, pf_scripts.UNDO.script, "x", 0o700)
    put(bare, f"/Library/LaunchDaemons/{UNDO}.plist", "x")
    keeper = f"/Library/LaunchDaemons/{KEEPER}.plist"
    calls = [
        *read(daemon=False),
        UNDERSTAND,
        NO_OVERRIDE,
        job(KEEPER, loaded=False),
        call([LAUNCHCTL, "bootstrap", "system", keeper]),
        job(KEEPER, loaded=True),
        job(UNDO, loaded=True),
        call([LAUNCHCTL, "bootout", f"system/{UNDO}"]),
        job(UNDO, loaded=False),
        *read(session=False),
    ]
    result = run_module("firewall", {**RULES, "confirm": True}, calls)
    assert (result["changed"], result["confirmed"]) == (False, True)
    assert (bare / pf_scripts.RULES.lstrip("/")).read_text() == TEXT
    assert plistlib.loads((bare / keeper.lstrip("/")).read_bytes()) == pf_scripts.keeper_plist()
    assert not _files.exists(pf_scripts.UNDO.script)
    assert not _files.exists(f"/Library/LaunchDaemons/{UNDO}.plist")


def test_a_confirmation_that_comes_too_late(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    result = run_module("firewall", {**RULES, "confirm": True}, [*read(), UNDERSTAND])
    assert result["failed"]
    assert result["msg"] == ("There is nothing to confirm: the rules were taken back in the meantime. Repeat the run.")


LOST = [
    pytest.param({"rules": ""}, None, id="flushed"),
    pytest.param({"rules": None}, None, id="anchor gone"),
    pytest.param({"rules": LOADED.replace("22", "23")}, None, id="other rules"),
    pytest.param({"table": "   10.0.0.1\n"}, None, id="an address is missing"),
    pytest.param({"table": None}, None, id="a table is missing"),
    pytest.param({"enabled": False, "tokens": ()}, ENABLE, id="stopped by somebody: all tokens void"),
    pytest.param({"tokens": ("99999999999999999",)}, ENABLE, id="only somebody else's token is left"),
    pytest.param({"enabled": False, "tokens": None}, ENABLE, id="token of another start"),
]


@pytest.mark.parametrize(("found", "enable"), LOST)
def test_confirmed_rules_that_were_lost_come_back_without_a_timer(
    run_module: Callable[..., dict[str, Any]], there: Path, found: dict[str, Any], enable: Call | None
) -> None:
    other_start = "tokens" in found and found["tokens"] is None
    if other_start:
        put(there, pf_scripts.TOKEN, f"FFFF {TOKEN}\n", 0o600)
    held = [] if other_start else [references(*found.get("tokens", (TOKEN,)))]
    calls = [
        *read(**found),
        UNDERSTAND,
        LOAD,
        *held,
        *([enable] if enable else []),
        NO_OVERRIDE,
        job(KEEPER, loaded=True),
        *read(session=False),
    ]
    result = run_module("firewall", {**RULES, "undo_after": 60}, calls)
    assert (result["changed"], result["undo_pending"]) == (True, False)
    assert (there / pf_scripts.TOKEN.lstrip("/")).read_text() == f"{SESSION} {TOKEN}\n"


def test_who_may_no_longer_has_its_connections_ended(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    put(there, pf_scripts.RULES, TEXT.replace("10.0.0.2 }", "10.0.0.2, 10.0.0.3 }"))
    calls = [
        *read(table="   10.0.0.1\n   10.0.0.2\n   10.0.0.3\n"),
        UNDERSTAND,
        LOAD,
        pf("-k", "10.0.0.3", err="killed 1 states from 1 sources and 0 destinations\n"),
        references(TOKEN),
        NO_OVERRIDE,
        job(KEEPER, loaded=True),
        *read(session=False),
    ]
    assert run_module("firewall", RULES, calls)["changed"] is True


def test_pf_does_not_understand_the_rules(run_module: Callable[..., dict[str, Any]], bare: Path) -> None:
    refused = pf(*ANCHOR, "-n", "-v", "-f", "-", rc=1, err=NOTICE + "stdin:3: syntax error\n", stdin=TEXT)
    result = run_module("firewall", RULES, [*read(**BARE), refused])
    assert result["msg"] == "pf does not understand the rules: stdin:3: syntax error"


def test_pf_does_not_load_the_rules(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    refused = pf(*ANCHOR, "-f", "-", rc=1, err=f"{NOTICE}pfctl: pf rules not loaded\n", stdin=TEXT)
    result = run_module("firewall", RULES, [*read(""), UNDERSTAND, refused])
    assert result["msg"] == "pf did not load the rules: pfctl: pf rules not loaded"


def test_rules_that_do_not_show_are_a_failure(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    calls = [*read(""), UNDERSTAND, LOAD, references(TOKEN), NO_OVERRIDE, job(KEEPER, loaded=True)]
    calls += read(LOADED.partition("\n")[2], session=False)
    result = run_module("firewall", RULES, calls)
    assert result["msg"] == ("The packet filter was changed but is not as asked for: rules: 1 missing, 0 too many.")


def test_main_rules_that_no_longer_call_us_are_a_failure(
    run_module: Callable[..., dict[str, Any]], there: Path
) -> None:
    calls = [*read(main=""), UNDERSTAND, LOAD, references(TOKEN), NO_OVERRIDE, job(KEEPER, loaded=True)]
    calls += read(main="", session=False)
    assert run_module("firewall", RULES, calls)["msg"] == (
        "The packet filter was changed but is not as asked for: anchor point is gone (another program has replaced the"
        " main rules; a restart of the Mac brings it back) instead of there."
    )


def test_a_start_without_a_token_is_a_failure(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    calls = [*read(enabled=False, tokens=()), UNDERSTAND, LOAD, references(), pf("-E", err="pf enabled\n")]
    assert run_module("firewall", RULES, calls)["msg"] == "`pfctl -E` gave no token: pf enabled"


def test_a_main_ruleset_that_cannot_be_read(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    calls = [pf(*ANCHOR, "-s", "rules", out=LOADED), pf("-s", "rules", rc=1, err="pfctl: /dev/pf: busy\n")]
    assert run_module("firewall", RULES, calls)["msg"] == "`pfctl -s rules` failed: pfctl: /dev/pf: busy"


def test_nothing_of_ours_is_left(run_module: Callable[..., dict[str, Any]], there: Path) -> None:
    no_tables = {"tables": {}, "rules": []}
    found = [one for one in read() if one.argv[-1] != "show"]
    calls = [
        *found,
        references(TOKEN),
        job(UNDO, loaded=False),
        NO_OVERRIDE,
        job(KEEPER, loaded=True),
        call([LAUNCHCTL, "bootout", f"system/{KEEPER}"]),
        job(KEEPER, loaded=False),
        pf(*ANCHOR, "-F", "all", err="rules cleared\nnat cleared\ndummynet cleared\n1 tables deleted.\n"),
        references(TOKEN),
        pf("-X", TOKEN, err="pf disabled\n"),
        *read(None, enabled=False, tokens=None, session=False, daemon=False),
    ]
    result = run_module("firewall", {**no_tables, "state": "absent"}, calls)
    assert result["changed"] is True
    assert [path for path in there.rglob("*") if path.is_file()] == []
    assert not (there / "opt/hybrid-ai/firewall").exists()


def test_nothing_to_remove(run_module: Callable[..., dict[str, Any]], bare: Path) -> None:
    assert run_module("firewall", {"state": "absent"}, read(**BARE))["changed"] is False


REFUSED = [
    pytest.param(
        {"rules": [{"action": "pass", "protocol": "tcp", "port": 80, "source": "lan"}]},
        "A rule names the table lan, which is not in tables.",
        id="a table of nobody",
    ),
    pytest.param({"tables": {"lan": []}}, "The table lan has no address", id="an empty table"),
    pytest.param(
        {"tables": {"lan": ["desk"]}}, "'desk' is to reach the table lan but is not a valid IP address", id="a name"
    ),
    pytest.param({"rules": [{"action": "pass", "port": 80}]}, "missing parameter(s) required by 'port'", id="protocol"),
]


@pytest.mark.parametrize(("args", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_before_anything_is_run(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], message: str
) -> None:
    assert message in run_module("firewall", args)["msg"]


def test_it_needs_root(run_module: Callable[..., dict[str, Any]]) -> None:
    assert "needs root" in run_module("firewall", RULES, uid=501)["msg"]
