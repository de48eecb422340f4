# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the module makes of a proof: facts, warnings, or one failure; and which commands it runs as whom."""

from __future__ import annotations

import json
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import cuda, proof, smi

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., dict[str, Any]]

FIRST, SECOND = "0000:01:00.0", "0000:02:00.0"
SOURCE = Path(cuda.__file__).read_text(encoding="utf-8")
ASK = smi.query(proof.FIELDS)
PYTHON = [sys.executable, "-I", "-"]
JOURNAL = ["journalctl", "--dmesg", "--boot", "--no-pager", "--output=cat"]
DMESG = ["dmesg", "--notime"]
LOST = (
    "Unable to determine the device handle for GPU0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU\n"
)


@pytest.fixture
def two_cards(host_files: Path) -> Path:
    """A host with a driver and two cards."""
    for address in (FIRST, SECOND):
        device = host_files / "sys/bus/pci/devices" / address
        device.mkdir(parents=True)
        for name, text in {"vendor": "0x10de", "device": "0x26b9", "class": "0x030200"}.items():
            (device / name).write_text(f"{text}\n", encoding="ascii")
    version = host_files / "sys/module/nvidia/version"
    version.parent.mkdir(parents=True)
    version.write_text("595.80\n", encoding="ascii")
    return host_files


def row(number: int) -> str:
    return f"00000000:{number:02X}:00.0, NVIDIA L40S, GPU-{number}, 46068, 8.9, [N/A]\n"


def told(*addresses: str, failed: dict[str, Any] | None = None) -> str:
    devices = [{"address": address, "computes": True, "failed": None} for address in addresses]
    return json.dumps({"library": "595.80", "cuda": 13020, "failed": failed, "devices": devices, "files": {}})


def asked(*numbers: int, others: str = "", rc: int = 0) -> Call:
    return call(ASK, out="".join(map(row, numbers)) + others, rc=rc)


def tried(out: str, *as_user: str) -> Call:
    return call([*as_user, *PYTHON], out=out, stdin=SOURCE)


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_cards_that_compute_are_facts(run_module: Run, two_cards: Path, check: bool) -> None:
    result = run_module("cuda_check", {}, [asked(1, 2), tried(told(FIRST, SECOND))], check=check)
    assert (result["changed"], result["problems"], result["branch"]) == (False, [], 595)
    assert result["ansible_facts"]["hybrid_ai_nvidia"]["cards"][1] == {
        "address": SECOND,
        "device_id": "0x26b9",
        "name": "NVIDIA L40S",
        "uuid": "GPU-2",
        "memory_bytes": 46068 * 1048576,
        "capability": "8.9",
        "mig": None,
        "computes": True,
        "proved": True,
        "reason": None,
        "problem": None,
    }


ONE_LOST = [asked(1, others=LOST, rc=15), tried(told(FIRST)), call(JOURNAL), call(DMESG)]


def test_a_lost_card_among_others_is_a_warning(run_module: Run, two_cards: Path) -> None:
    result = run_module("cuda_check", {}, ONE_LOST)
    (warning,) = warnings_of(result)
    assert warning.startswith(f"GPU {SECOND} (L40S): it has fallen off the bus. Switch the host off and on;")
    assert [card["problem"] for card in result["cards"]] == [None, "lost"]
    assert result["cards"][1]["reason"] in warning


def test_it_fails_where_all_are_required(run_module: Run, two_cards: Path) -> None:
    result = run_module("cuda_check", {"required": "all"}, ONE_LOST)
    assert result["failed"]
    assert result["msg"] == result["problems"][0]


NONE = [
    call(ASK, out="No devices were found\n", rc=6),
    tried(told(failed={"call": "cuInit", "code": 100})),
    call(JOURNAL),
    call(DMESG),
]


def test_without_any_card_that_computes_it_fails(run_module: Run, two_cards: Path) -> None:
    result = run_module("cuda_check", {}, NONE)
    assert result["failed"]
    assert result["msg"].count("CUDA finds no GPU") == 2


def test_nothing_is_required_where_that_is_said(run_module: Run, two_cards: Path) -> None:
    result = run_module("cuda_check", {"required": "none"}, NONE)
    assert [card["computes"] for card in result["cards"]] == [False, False]


def test_an_empty_bus_is_a_failure(run_module: Run, host_files: Path) -> None:
    assert run_module("cuda_check", {})["msg"].startswith("There is no NVIDIA GPU on the PCI bus. Look at its slot,")


def test_a_service_s_user_has_to_be_able_to(run_module: Run, two_cards: Path) -> None:
    name = pwd.getpwuid(0).pw_name
    calls = [asked(1, 2), tried(told(FIRST, SECOND), "runuser", "-u", name, "--")]
    assert run_module("cuda_check", {"user": name}, calls)["problems"] == []


REPORT = {"checks": [{"capability": "node_exporter", "check": "cuda"}]}


@pytest.mark.parametrize(
    ("calls", "measured", "advice"),
    [
        pytest.param([asked(1, 2), tried(told(FIRST, SECOND))], f"{SECOND} (NVIDIA L40S) computes", "", id="all"),
        pytest.param(ONE_LOST, f"{SECOND} (L40S): it has fallen off the bus", "Switch the host off", id="one-is-lost"),
    ],
)
def test_verify_says_it_later(run_module: Run, two_cards: Path, calls: list[Call], measured: str, advice: str) -> None:
    (line,) = run_module("node_report", REPORT, calls, system="Linux")["lines"]
    assert (line["title"], line["ok"], line["expected"]) == ("CUDA", not advice, "a right sum by each GPU")
    assert line["measured"] == f"{FIRST} (NVIDIA L40S) computes; {measured} (driver 595.80, unknown modules)"
    assert line["advice"].startswith(advice)


def test_verify_says_that_there_is_no_card(run_module: Run, host_files: Path) -> None:
    (line,) = run_module("node_report", REPORT, system="Linux")["lines"]
    assert (line["ok"], line["measured"]) == (False, "there is no NVIDIA GPU on the PCI bus")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user": "nobody-of-that-name"}, "user is nobody-of-that-name, and this host has no such user."),
        ({"minimum_capability": "new"}, "minimum_capability is 'new': write a compute capability such as '7.5'."),
        ({"time_limit": 0}, "time_limit is 0: write seconds, at least 1."),
    ],
)
def test_wrong_options_are_one_sentence(run_module: Run, options: dict[str, Any], message: str) -> None:
    assert run_module("cuda_check", options)["msg"] == message


def test_a_card_that_others_fill_is_no_failure(run_module: Run, two_cards: Path) -> None:
    devices = json.loads(told(FIRST, SECOND))
    for device in devices["devices"]:
        device.update(computes=False, failed={"call": "cuDevicePrimaryCtxRetain", "code": 2})
    result = run_module("cuda_check", {"required": "all"}, [asked(1, 2), tried(json.dumps(devices))])
    assert [(card["computes"], card["proved"], card["problem"]) for card in result["cards"]] == [
        (True, False, "memory_full"),
        (True, False, "memory_full"),
    ]


@pytest.mark.parametrize(
    ("files", "problem", "words"),
    [
        ({"nvidia0": True, "nvidia-uvm": False}, "permission", "(root: /dev/nvidia-uvm)"),
        ({"nvidia0": True, "nvidiactl": True}, "no_uvm", "rmmod nvidia_uvm"),
    ],
)
def test_the_devices_of_the_driver_explain_a_failure(
    run_module: Run, two_cards: Path, files: dict[str, bool], problem: str, words: str
) -> None:
    found = {"library": "595.80", "failed": {"call": "cuInit", "code": 999}, "devices": [], "files": files}
    tries = [call([*PYTHON, *only], out=json.dumps(found), stdin=SOURCE) for only in ([], ["GPU-1"], ["GPU-2"])]
    result = run_module("cuda_check", {"required": "none"}, [asked(1, 2), *tries, call(JOURNAL), call(DMESG)])
    assert [card["problem"] for card in result["cards"]] == [problem, problem]
    assert all(words in sentence for sentence in result["problems"])
