# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The role nvidia_driver: when a driver is exchanged, when a host is rebooted, and what is said where not.

Its modules answer what the test says; the host is this machine, which Ansible refuses to reboot.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.plays.conftest import Answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.plays.conftest import Played

REPLACED = (
    *("apt_ready", "cuda_check", "distribution_package", "nvidia_driver_boot", "nvidia_driver_packages"),
    *("nvidia_driver_plan", "release_file"),
)
REBOOT = "with local connection would reboot the control node"
PLAN = {
    "branch": 580,
    "flavour": "open",
    "source": "ubuntu",
    "repository": None,
    "pinning": None,
    "stale_pinning": [],
    "desktop": False,
    "prebuilt": True,
    "packages": [],
    "remove": [],
    "hold": [],
    "module_options": "blacklist nouveau\n",
    "suspend_services": True,
    "change": True,
}
BOOT = {"changed": True, "kernel": "6.8.0-85-generic", "version": "580.173.02", "reboot": [], "busy": [], "removed": []}
BUSY = ["hybrid-ai-llama-cpp.service answers requests"]


@pytest.fixture
def role(tmp_path: Path, play: Callable[..., Played]) -> Callable[..., tuple[Played, list[str]]]:
    """Run the role with what its modules answer, and return which of them were asked."""
    modules = Answers(tmp_path, REPLACED)
    playbook = tmp_path / "play.yml"
    inventory = tmp_path / "hosts.yml"
    host = {"ansible_host": "127.0.0.1", "ansible_connection": "local"}
    inventory.write_text(yaml.safe_dump({"all": {"children": {"gpu": {"hosts": {"gpu1": host}}, "management": {}}}}))

    def run(
        plan: dict[str, Any] | None = None,
        found: dict[str, Any] | None = None,
        boot: dict[str, Any] | None = None,
        *,
        apt: dict[str, Any] | None = None,
        proof: dict[str, Any] | None = None,
        tasks: str = "main",
        options: tuple[str, ...] = (),
        **variables: Any,
    ) -> tuple[Played, list[str]]:
        answers = {
            "nvidia_driver_plan": {
                "plan": {**PLAN, **(plan or {})},
                "desktop_plan": None,
                "loaded": None,
                "busy": [],
                **(found or {}),
            },
            "nvidia_driver_packages": {"changed": True},
            "nvidia_driver_boot": {**BOOT, **(boot or {})},
            "apt_ready": {"held_by": None, "finished": [], **(apt or {})},
            "cuda_check": {"cards": [], **(proof or {})},
            "distribution_package": {"installed": True},
            "release_file": {"path": "x"},
        }
        modules.give(answers)
        called = {"name": "hybrid_ai.cluster.nvidia_driver", "tasks_from": tasks, "rolespec_validate": False}
        known = {
            "msg": "Known: {{ (ansible_facts.hybrid_ai_nvidia | default({})).driver_version | default('nothing') }}"
        }
        steps = [
            {"name": "Apply it", "ansible.builtin.include_role": called},
            {"name": "Say what is known", "ansible.builtin.debug": known},
        ]
        playbook.write_text(yaml.safe_dump([{"name": "Role", "hosts": "gpu", "gather_facts": False, "tasks": steps}]))
        given = {
            "__nvidia_driver_options": str(tmp_path / "modprobe.conf"),
            "__nvidia_driver_is_controller": False,
            # No service of this machine is touched.
            "__nvidia_driver_unit": str(tmp_path / "units/nvidia-persistenced.service"),
            **variables,
        }
        played = play(
            playbook,
            *("-i", str(inventory), "-e", json.dumps(given), "--skip-tags", "never", *options),
            ANSIBLE_COLLECTIONS_PATH=str(modules.collections),
        )
        # Ansible folds long lines.
        played.text = " ".join(played.text.split())
        return played, modules.asked

    return run


def test_a_driver_that_loads_needs_no_reboot(role: Callable[..., tuple[Played, list[str]]]) -> None:
    played, asked = role(plan={"change": False})
    assert played.rc == 0, played.text
    assert asked == [
        "nvidia_driver_plan",
        "apt_ready",
        "apt_ready",
        "nvidia_driver_packages",
        "nvidia_driver_boot",
        "cuda_check",
    ]


@pytest.mark.parametrize("policy", ["when_idle", "now"])
def test_an_idle_host_is_rebooted(role: Callable[..., tuple[Played, list[str]]], policy: str) -> None:
    played, asked = role(plan={"change": False}, boot={"reboot": ["nouveau has the card"]}, nvidia_driver_reboot=policy)
    assert REBOOT in played.text
    assert "cuda_check" not in asked


def test_a_host_that_serves_is_not_rebooted(role: Callable[..., tuple[Played, list[str]]]) -> None:
    played, asked = role(plan={"change": False}, boot={"reboot": ["nouveau has the card"], "busy": BUSY})
    assert played.rc == 0, played.text
    assert REBOOT not in played.text
    assert (
        "gpu1 uses the driver 580.173.02 only after a reboot, because nouveau has the card;"
        " hybrid-ai-llama-cpp.service answers requests. Run this again when it is idle, or with nvidia_driver_reboot:"
        " now."
    ) in played.text
    assert "cuda_check" not in asked


def test_a_person_may_keep_the_reboot(role: Callable[..., tuple[Played, list[str]]]) -> None:
    played, _ = role(plan={"change": False}, boot={"reboot": ["nouveau has the card"]}, nvidia_driver_reboot="never")
    assert played.rc == 0, played.text
    assert "because nouveau has the card; nvidia_driver_reboot is never: reboot it yourself." in played.text
    assert REBOOT not in played.text


@pytest.mark.parametrize(
    ("policy", "busy", "says"),
    [
        pytest.param(
            "when_idle",
            BUSY,
            "and hybrid-ai-llama-cpp.service answers requests. Run this again when it is idle",
            id="serving",
        ),
        pytest.param("never", [], "and nvidia_driver_reboot is never: set it to when_idle or now.", id="never"),
    ],
)
def test_a_driver_in_use_is_exchanged_with_its_reboot_or_not_at_all(
    role: Callable[..., tuple[Played, list[str]]], policy: str, busy: list[str], says: str
) -> None:
    played, asked = role(found={"loaded": "575.57.08", "busy": busy}, nvidia_driver_reboot=policy)
    assert played.rc == 0, played.text
    assert asked == ["nvidia_driver_plan"]
    assert "gpu1 keeps the driver 575.57.08 for now: the one that is wanted, branch 580, needs a reboot," in played.text
    assert says in played.text


def test_the_machine_that_runs_ansible_is_left_to_a_person(role: Callable[..., tuple[Played, list[str]]]) -> None:
    reasons = {"reboot": ["nouveau has the card"]}
    played, _ = role(plan={"change": False}, boot=reasons, __nvidia_driver_is_controller=True)
    assert played.rc == 0, played.text
    assert "because nouveau has the card; Ansible runs on it: reboot it yourself." in played.text
    played, _ = role(found={"loaded": "575.57.08"}, __nvidia_driver_is_controller=True)
    assert "needs a reboot, and Ansible runs on it: run this from another machine." in played.text


def test_who_holds_apt_is_said(role: Callable[..., tuple[Played, list[str]]], tmp_path: Path) -> None:
    played, _ = role(plan={"change": False}, apt={"held_by": "unattended-upgrade (pid 311)"})
    assert "unattended-upgrade (pid 311) holds apt of gpu1; it is waited for, 900 seconds at most." in played.text, (
        played.text
    )
    assert (tmp_path / "modprobe.conf").read_text().endswith("blacklist nouveau\n")


COMPUTES = {"ansible_facts": {"hybrid_ai_nvidia": {"driver_version": "580.173.02"}}}
NONE_COMPUTES = {"failed": True, "msg": "The driver is not loaded."}


@pytest.mark.parametrize(
    ("proof", "options", "known"),
    [
        pytest.param(COMPUTES, (), "580.173.02", id="it-computes"),
        pytest.param(COMPUTES, ("--check",), "580.173.02", id="also-in-check-mode"),
        pytest.param(NONE_COMPUTES, ("--check",), "nothing", id="the-driver-would-come-in-check-mode"),
    ],
)
def test_a_role_that_computes_on_cards_knows_them(role, proof, options, known) -> None:
    played, calls = role(proof=proof, tasks="cards", options=options)
    assert (played.rc, calls) == (0, ["cuda_check"])
    assert f"Known: {known}" in played.text


def test_what_is_known_of_cards_is_not_found_out_again(role) -> None:
    played, calls = role(proof=COMPUTES, tasks="cards", ansible_facts={"hybrid_ai_nvidia": {"driver_version": "1"}})
    assert (played.rc, calls) == (0, [])


def test_a_proof_that_ends_badly_ends_the_run(role) -> None:
    played, _ = role(proof=NONE_COMPUTES, tasks="cards")
    assert played.rc != 0
    assert "The driver is not loaded." in played.text
