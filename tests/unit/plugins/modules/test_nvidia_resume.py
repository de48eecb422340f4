# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Cards that do not compute after a suspend: nvidia_uvm is loaded again while nobody has it open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import proof
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.reasons import Reason

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

WORKS = proof.Card("0000:01:00.0", "0x2704", computes=True)
FAILS = proof.Card("0000:01:00.0", "0x2704", reason=Reason("unknown_error"))
UNIT = "hybrid-ai-llama-cpp.service"


def systemctl(verb: str, unit: str = UNIT, **answer: Any) -> Call:
    return call(["systemctl", verb, unit], **answer)


UNLOAD, LOAD = call(["modprobe", "--remove", "nvidia_uvm"]), call(["modprobe", "nvidia_uvm"])


@pytest.fixture(name="tries")
def _tries(monkeypatch: pytest.MonkeyPatch) -> list[proof.Card]:
    """Have each attempt to compute find the next of these."""
    found: list[proof.Card] = []
    monkeypatch.setattr(proof, "prove", lambda _attempt, _minimum: proof.Proof([found.pop(0)]))
    return found


def uses(host_files: Path, pid: int, name: str, unit: str, device: str = "nvidia-uvm") -> None:
    folder = host_files / "proc" / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "fd" / "3").symlink_to(f"/dev/{device}")
    (folder / "comm").write_text(f"{name}\n", encoding="ascii")
    (folder / "cgroup").write_text(f"0::/system.slice/{unit}\n", encoding="ascii")


def test_cards_that_compute_are_left_alone(run_module: Run, tries: list[proof.Card]) -> None:
    tries += [WORKS]
    assert run_module("nvidia_resume", {}, system="Linux")["changed"] is False


def test_the_module_is_loaded_again_with_the_backends_stopped(
    run_module: Run, tries: list[proof.Card], host_files: Path
) -> None:
    tries += [FAILS, WORKS]
    uses(host_files, 71, "llama-server", UNIT)
    uses(host_files, 72, "llama-server", UNIT)
    uses(host_files, 80, "nvidia-persistenced", "nvidia-persistenced.service", "nvidia0")
    calls = [systemctl("stop"), UNLOAD, LOAD, systemctl("start")]
    result = run_module("nvidia_resume", {}, calls, system="Linux")
    assert (result["changed"], result["restarted"]) == (True, [UNIT])


def test_check_mode_stops_nothing(run_module: Run, tries: list[proof.Card], host_files: Path) -> None:
    tries += [FAILS]
    uses(host_files, 71, "llama-server", UNIT)
    result = run_module("nvidia_resume", {}, check=True, system="Linux")
    assert (result["changed"], result["restarted"]) == (True, [UNIT])


def test_what_would_not_come_back_is_not_ended(run_module: Run, tries: list[proof.Card], host_files: Path) -> None:
    tries += [FAILS]
    uses(host_files, 71, "llama-server", UNIT)
    uses(host_files, 90, "python3", "session-4.scope")
    result = run_module("nvidia_resume", {}, system="Linux")
    assert result["failed"]
    assert "python3 (pid 90) of" in result["msg"]


def test_a_card_that_it_does_not_help_is_a_failure(run_module: Run, tries: list[proof.Card]) -> None:
    tries += [FAILS, FAILS]
    result = run_module("nvidia_resume", {}, [UNLOAD, LOAD], system="Linux")
    assert result["failed"]
    assert result["msg"].endswith(" It did not help to load nvidia_uvm again.")


def test_the_backends_come_back_also_where_it_cannot_be_unloaded(
    run_module: Run, tries: list[proof.Card], host_files: Path
) -> None:
    tries += [FAILS]
    uses(host_files, 71, "llama-server", UNIT)
    in_use = call(UNLOAD.argv, rc=1, err="modprobe: FATAL: Module nvidia_uvm is in use.")
    result = run_module("nvidia_resume", {}, [systemctl("stop"), in_use, systemctl("start")], system="Linux")
    assert "Module nvidia_uvm is in use." in result["msg"]


def test_a_backend_that_does_not_start_again_is_named(
    run_module: Run, tries: list[proof.Card], host_files: Path
) -> None:
    tries += [FAILS]
    uses(host_files, 71, "llama-server", UNIT)
    result = run_module(
        "nvidia_resume", {}, [systemctl("stop"), UNLOAD, LOAD, systemctl("start", rc=1)], system="Linux"
    )
    assert result["msg"] == f"{UNIT} did not start again; see `journalctl -u {UNIT}`."


def test_time_limit(run_module: Run) -> None:
    assert "write seconds" in run_module("nvidia_resume", {"time_limit": 0}, system="Linux")["msg"]
