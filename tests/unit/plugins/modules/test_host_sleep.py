# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host goes to sleep only where it was proved that it wakes, and the proof is of this boot and this card."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

MAC, BOOT = "1c:f6:4c:00:00:01", "2f3a1c60-5b2e-4e0d-9d1c-0a1b2c3d4e5f"
ON_MAC = call(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], out=f"{BOOT.upper()}\n")
PATHS = {"Darwin": "var/db/hybrid-ai/wake-proof.json", "Linux": "var/lib/hybrid-ai/wake-proof.json"}
ORDERS = {"Darwin": ["/usr/bin/pmset", "sleepnow"], "Linux": ["systemctl", "suspend"]}


@pytest.fixture(name="ordered")
def _ordered(host_files: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Have a host that can suspend, and what it is ordered."""
    for path, text in (("proc/sys/kernel/random/boot_id", BOOT), ("sys/power/state", "freeze mem disk")):
        (host_files / path).parent.mkdir(parents=True, exist_ok=True)
        (host_files / path).write_text(f"{text}\n", encoding="ascii")
    done: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda argv, **_named: done.append(argv))
    return done


def remember(host_files: Path, system: str, mac: str = MAC) -> Path:
    path = host_files / PATHS[system]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"mac_address": mac, "seconds": 4.0}), encoding="utf-8")
    return path


def boots(system: str) -> list[Call]:
    return [ON_MAC] if system == "Darwin" else []


@pytest.mark.parametrize("system", ["Darwin", "Linux"])
def test_one_that_was_proved_goes_after_its_answer(
    run_module: Run, ordered: list[list[str]], host_files: Path, system: str
) -> None:
    remember(host_files, system)
    result = run_module("host_sleep", {"mac_address": MAC.upper()}, boots(system), system=system)
    assert (result["changed"], result["boot"].lower()) == (True, BOOT)
    assert ordered == [["/bin/sh", "-c", 'sleep 3; exec "$@"', "sh", *ORDERS[system]]]


def test_check_mode_leaves_it_awake(run_module: Run, ordered: list[list[str]], host_files: Path) -> None:
    remember(host_files, "Linux")
    assert run_module("host_sleep", {"mac_address": MAC}, check=True, system="Linux")["changed"]
    assert ordered == []


def test_a_person_may_prove_it(run_module: Run, ordered: list[list[str]]) -> None:
    run_module("host_sleep", {"mac_address": MAC, "proving": True}, system="Linux")
    assert len(ordered) == 1


@pytest.mark.parametrize(
    ("proof", "sentence"),
    [
        pytest.param(None, "it was never proved that it wakes: run playbooks/wake.yml -e prove=yes", id="never"),
        pytest.param("{", "it was never proved that it wakes", id="damaged"),
        pytest.param("[]", "it was never proved that it wakes", id="not-a-proof"),
        pytest.param(
            json.dumps({"mac_address": "1c:f6:4c:00:00:99", "seconds": 4}),
            "it was proved to wake by 1c:f6:4c:00:00:99, and mac_address is 1c:f6:4c:00:00:01 now",
            id="another-card",
        ),
    ],
)
def test_one_that_was_not_proved_is_left_awake(
    run_module: Run, ordered: list[list[str]], host_files: Path, proof: str | None, sentence: str
) -> None:
    if proof is not None:
        remember(host_files, "Linux").write_text(proof, encoding="utf-8")
    result = run_module("host_sleep", {"mac_address": MAC}, system="Linux")
    assert result["failed"]
    assert sentence in result["msg"]
    assert ordered == []


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (("sys/power/state", "freeze disk"), "/sys/power/state does not offer mem"),
        (("proc/sys/kernel/random/boot_id", "what?"), "The identifier of this boot is 'what?'"),
    ],
)
def test_one_that_cannot_is_left_awake(
    run_module: Run, ordered: list[list[str]], host_files: Path, file: tuple[str, str], sentence: str
) -> None:
    (host_files / file[0]).write_text(file[1], encoding="ascii")
    result = run_module("host_sleep", {"mac_address": MAC, "proving": True}, system="Linux")
    assert sentence in result["msg"]
    assert ordered == []


@pytest.mark.usefixtures("ordered")
@pytest.mark.parametrize("system", ["Darwin", "Linux"])
def test_a_proof_is_remembered_once(run_module: Run, host_files: Path, system: str) -> None:
    boot = BOOT.upper() if system == "Darwin" else BOOT
    args = {"mac_address": MAC, "seconds": 4.5, "boot": boot}
    assert run_module("wake_proof", args, boots(system), check=True, system=system)["changed"]
    assert not (host_files / PATHS[system]).exists()
    assert run_module("wake_proof", args, boots(system), system=system)["changed"]
    assert json.loads((host_files / PATHS[system]).read_text(encoding="utf-8")) == {"mac_address": MAC, "seconds": 4.5}
    assert not run_module("wake_proof", args, boots(system), system=system)["changed"]
    assert run_module("wake_proof", {"state": "absent"}, system=system)["changed"]
    assert not (host_files / PATHS[system]).exists()
    assert not run_module("wake_proof", {"state": "absent"}, system=system)["changed"]


@pytest.mark.usefixtures("ordered")
def test_one_that_was_started_anew_did_not_wake(run_module: Run, host_files: Path) -> None:
    args = {"mac_address": MAC, "seconds": 4.5, "boot": BOOT.replace("2", "3")}
    result = run_module("wake_proof", args, system="Linux")
    assert "started anew instead of woken" in result["msg"]
    assert not (host_files / PATHS["Linux"]).exists()


@pytest.mark.parametrize(
    ("module", "args"), [("host_sleep", {"mac_address": MAC}), ("wake_proof", {"state": "absent"})]
)
def test_they_need_root(run_module: Run, module: str, args: dict[str, Any]) -> None:
    assert "needs root" in run_module(module, args, system="Linux", uid=1000)["msg"]
