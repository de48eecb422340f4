# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The firewall module on Linux: what it reads, what it runs, and what it makes of the answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft, nft_units

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

NFT = "/usr/sbin/nft"
SYSTEMCTL = "/usr/bin/systemctl"
UNIT = "hybrid-ai-firewall.service"
TIMER = "hybrid-ai-firewall-undo.timer"
KEEPER, KEEPER_TIMER = "hybrid-ai-firewall-keeper.service", "hybrid-ai-firewall-keeper.timer"
RULES = {
    "tables": {"exo": ["10.0.0.0/24", "10.1.0.1", "fe80::/10"]},
    "rules": [
        {"action": "pass", "interface": "loopback"},
        {"action": "pass", "protocol": "tcp", "port": 22},
        {"action": "pass", "protocol": "tcp", "port": 52415, "source": "exo"},
        {"action": "reset", "protocol": "tcp", "port": 52415},
        {"action": "reset", "protocol": "udp", "port": 53},
    ],
}
WANTED = change.wanted_from(RULES["tables"], RULES["rules"])  # type: ignore[arg-type]
TEXT = nft.document(WANTED)
SHOWN = [
    "direction reply accept",
    "iifname lo accept",
    "tcp dport 22 accept",
    "ip saddr @exo tcp dport 52415 accept",
    "ip6 saddr @exo_6 tcp dport 52415 accept",
    "tcp dport 52415 reset",
    "udp dport 53 drop",
]


def listing(document: str = TEXT, *, drop_rule: int | None = None) -> str:
    """What `nft -j list` prints of a document: the same objects with handles, and sets in no order of ours."""
    added = [next(iter(entry["add"].items())) for entry in json.loads(document)["nftables"] if "add" in entry][2:]
    found: list[dict[str, Any]] = [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}]
    for place, (kind, content) in enumerate(added):
        extra = {"elem": content["elem"][::-1]} if "elem" in content else {}
        found.append({kind: {**content, "handle": place, **extra}})
    rules = [entry for entry in found if "rule" in entry]
    return json.dumps({"nftables": [entry for entry in found if drop_rule is None or entry is not rules[drop_rule]]})


def read(
    out: str | None = None, state: str = "active", enabled: str = "enabled", timer: str = "inactive"
) -> list[Call]:
    missing = "Error: No such file or directory\nlist table inet hybrid_ai\n                ^^^^^^^^^\n"
    table = [NFT, "-j", "list", "table", "inet", "hybrid_ai"]
    words = ["-p", "ActiveState", "-p", "SubState", "-p", "UnitFileState", "-p", "NeedDaemonReload"]
    values = f"ActiveState={state}\nSubState=exited\nUnitFileState={enabled}\nNeedDaemonReload=no\n"
    return [
        call(table, rc=1, err=missing) if out is None else call(table, out=out),
        call([SYSTEMCTL, "show", *words, UNIT], out=values),
        call([SYSTEMCTL, "show", *words, KEEPER_TIMER], out=values.replace("SubState=exited", "SubState=waiting")),
        call([SYSTEMCTL, "is-active", TIMER], out=f"{timer}\n", rc=int(timer != "active")),
    ]


BARE = read(None, "inactive", "")
CHECK = call([NFT, "-c", "-j", "-f", "-"], stdin=TEXT)
LOAD = call([NFT, "-j", "-f", "-"], stdin=TEXT)
STOP_TIMER = call([SYSTEMCTL, "stop", TIMER], rc=5, err=f"Failed to stop {TIMER}: Unit {TIMER} not loaded.\n")
PERSIST = [call([SYSTEMCTL, "daemon-reload"]), call([SYSTEMCTL, "enable", "--now", UNIT, KEEPER_TIMER])]


@pytest.fixture
def bare(host_files: Path) -> Path:
    (host_files / "etc/systemd/system").mkdir(parents=True)
    return host_files


@pytest.fixture
def there(bare: Path) -> Path:
    (bare / "opt/hybrid-ai/firewall").mkdir(parents=True)
    (bare / "opt/hybrid-ai/firewall/nftables.json").write_text(TEXT)
    for path, text in {nft_units.UNIT_FILE: nft_units.UNIT_TEXT, **nft_units.KEEPER_FILES}.items():
        (bare / path.lstrip("/")).write_text(text)
    return bare


def test_nothing_to_change(run_module: Run, there: Path) -> None:
    result = run_module("firewall", {**RULES, "undo_after": 60}, [*read(listing()), CHECK], system="Linux")
    assert (result["changed"], result["undo_pending"]) == (False, False)


def test_check_mode_predicts(run_module: Run, bare: Path) -> None:
    result = run_module("firewall", {**RULES, "undo_after": 60}, [*BARE, CHECK], system="Linux", check=True)
    assert (result["changed"], result["undo_pending"]) == (True, False)
    assert result["diff"] == {
        "before": {
            "rules": [],
            "tables": {},
            "file": "none",
            "unit": "none",
            "state": "inactive, not enabled",
            "keeper": "none",
            "keeper state": "inactive, not enabled",
        },
        "after": {
            "rules": SHOWN,
            "tables": {"exo": ["10.0.0.0/24", "10.1.0.1"], "exo_6": ["fe80::/10"]},
            "file": "current",
            "unit": "current",
            "state": "active, enabled",
            "keeper": "current",
            "keeper state": "active, enabled",
        },
    }


def test_the_first_rules_wait_for_their_confirmation(run_module: Run, bare: Path) -> None:
    timer = ["/usr/bin/systemd-run", "--quiet", "--collect", "--unit=hybrid-ai-firewall-undo", "--on-active=45"]
    timer += ["--timer-property=AccuracySec=1s", "/bin/sh", "/opt/hybrid-ai/firewall/undo"]
    calls = [*BARE, CHECK, STOP_TIMER, call(timer), LOAD, *read(listing(), "inactive", "", "active")]
    result = run_module("firewall", {**RULES, "undo_after": 45}, calls, system="Linux")
    assert (result["changed"], result["undo_pending"]) == (True, True)
    assert (bare / "opt/hybrid-ai/firewall/undo").read_text() == nft_units.UNDO_TEXT
    assert not (bare / "opt/hybrid-ai/firewall/nftables.json").exists(), "only confirmed rules are loaded at boot"


def test_a_confirmation_makes_them_permanent(run_module: Run, bare: Path) -> None:
    pending = read(listing(), "inactive", "", "active")
    stop = call([SYSTEMCTL, "stop", TIMER])
    calls = [*pending, CHECK, *PERSIST, stop, *read(listing())]
    result = run_module("firewall", {**RULES, "confirm": True}, calls, system="Linux")
    assert (result["changed"], result["confirmed"]) == (False, True)
    assert (bare / "opt/hybrid-ai/firewall/nftables.json").read_text() == TEXT
    for path, text in {nft_units.UNIT_FILE: nft_units.UNIT_TEXT, **nft_units.KEEPER_FILES}.items():
        assert (bare / path.lstrip("/")).read_text() == text


def test_a_confirmation_that_comes_too_late(run_module: Run, bare: Path) -> None:
    result = run_module("firewall", {**RULES, "confirm": True}, [*BARE, CHECK], system="Linux")
    assert result["msg"].startswith("There is nothing to confirm")


def test_a_confirmation_of_other_rules(run_module: Run, bare: Path) -> None:
    pending = read(listing(drop_rule=5), "inactive", "", "active")
    result = run_module("firewall", {**RULES, "confirm": True}, [*pending, CHECK], system="Linux")
    assert result["msg"] == "The packet filter was changed but is not as asked for: rules: 1 missing, 0 too many."


LOST = [
    pytest.param(read(), id="flushed"),
    pytest.param(read(listing(drop_rule=2)), id="a rule is gone"),
]


@pytest.mark.parametrize("found", LOST)
def test_confirmed_rules_that_were_lost_come_back_without_a_timer(
    run_module: Run, there: Path, found: list[Call]
) -> None:
    calls = [*found, CHECK, LOAD, *PERSIST, *read(listing())]
    result = run_module("firewall", {**RULES, "undo_after": 60}, calls, system="Linux")
    assert (result["changed"], result["undo_pending"]) == (True, False)


def test_a_unit_that_does_not_start_at_boot_is_brought_right_without_a_load(run_module: Run, there: Path) -> None:
    calls = [*read(listing(), enabled="disabled"), CHECK, *PERSIST, *read(listing())]
    assert run_module("firewall", RULES, calls, system="Linux")["changed"] is True


@pytest.mark.parametrize("place", nft_units.KEEPER_FILES)
@pytest.mark.parametrize("content", [None, "[Timer]\n"], ids=["missing", "another"])
def test_a_keeper_that_is_not_ours_is_brought_right(
    run_module: Run, there: Path, place: str, content: str | None
) -> None:
    path = there / place.lstrip("/")
    path.unlink()
    if content:
        path.write_text(content)
    result = run_module("firewall", RULES, [*read(listing()), CHECK, *PERSIST, *read(listing())], system="Linux")
    assert result["diff"]["before"]["keeper"] == "another"
    assert path.read_text() == nft_units.KEEPER_FILES[place]


def test_what_was_loaded_but_never_confirmed_is_confirmed_by_a_run_that_asks_for_no_timer(
    run_module: Run, there: Path
) -> None:
    calls = [*read(listing(), timer="active"), CHECK, *PERSIST, call([SYSTEMCTL, "stop", TIMER]), *read(listing())]
    assert run_module("firewall", RULES, calls, system="Linux")["changed"] is False


FAILURES = [
    pytest.param(
        [*BARE, call(CHECK.argv, rc=1, err="internal:0:0-0: Error: syntax\n", stdin=TEXT)],
        "nftables does not understand the rules: internal:0:0-0: Error: syntax",
        id="not understood",
    ),
    pytest.param(
        [*BARE, CHECK, call(LOAD.argv, rc=1, err="Error: Operation not permitted\n", stdin=TEXT)],
        "nftables did not load the rules: Error: Operation not permitted",
        id="not loaded",
    ),
    pytest.param(
        [*BARE, CHECK, LOAD, *PERSIST, *read(listing(drop_rule=0))],
        "The packet filter was changed but is not as asked for: rules: 1 missing, 0 too many.",
        id="read-back",
    ),
    pytest.param(
        [call([NFT, "-j", "list", "table", "inet", "hybrid_ai"], rc=1, err="Error: Operation not permitted\n")],
        "`/usr/sbin/nft -j list table inet hybrid_ai` failed: Error: Operation not permitted",
        id="not read",
    ),
]


@pytest.mark.parametrize(("calls", "message"), FAILURES)
def test_failures_are_one_sentence(run_module: Run, bare: Path, calls: list[Call], message: str) -> None:
    assert run_module("firewall", RULES, calls, system="Linux")["msg"] == message


def test_nothing_of_ours_is_left(run_module: Run, there: Path) -> None:
    calls = [
        *read(listing()),
        STOP_TIMER,
        call([SYSTEMCTL, "disable", "--now", KEEPER_TIMER]),
        call([SYSTEMCTL, "stop", KEEPER]),
        call([SYSTEMCTL, "disable", "--now", UNIT]),
        call([NFT, "delete", "table", "inet", "hybrid_ai"], rc=1),
        call([SYSTEMCTL, "daemon-reload"]),
        *BARE,
    ]
    assert run_module("firewall", {"state": "absent"}, calls, system="Linux")["changed"] is True
    assert [path for path in there.rglob("*") if path.is_file()] == []


def test_nothing_to_remove(run_module: Run, bare: Path) -> None:
    assert run_module("firewall", {"state": "absent"}, BARE, system="Linux")["changed"] is False


def test_a_rule_of_somebody_else_in_our_table_is_shown_as_it_is() -> None:
    expression = [
        {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}},
        {"counter": {}},
        {"drop": None},
    ]
    assert nft.as_text(expression).endswith(" drop")
    assert "counter" not in nft.as_text(expression)
