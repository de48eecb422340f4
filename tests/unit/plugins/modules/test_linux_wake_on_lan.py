# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Linux host's card is told now and at every boot, both are read back, and what was before comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import linux_keeper

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

MAC = "a8:5e:45:00:00:21"
ARGS = {"mac_address": MAC.upper()}
LINK = "etc/systemd/network/00-hybrid-ai-wake.link"
RECORD = "var/lib/hybrid-ai/power_management.before.json"
DEFAULT = "usr/lib/systemd/network/99-default.link"


def ethtool(modes: str, supported: str = "pumbg") -> Call:
    waking = f"\tSupports Wake-on: {supported}\n\tWake-on: {modes}\n"
    return call(["ethtool", "eno1"], out=f"Settings for eno1:\n\tSpeed: 1000Mb/s\n{waking}\tLink detected: yes\n")


def change(modes: str, **answer: Any) -> Call:
    return call(["ethtool", "--change", "eno1", "wol", modes], **answer)


NO_MANAGER = call(["systemctl", "is-active", "--quiet", "NetworkManager.service"], rc=3)
MANAGER = call(["systemctl", "is-active", "--quiet", "NetworkManager.service"])
DEVICE = ["nmcli", "--get-values", "GENERAL.STATE,GENERAL.CON-UUID", "device", "show", "eno1"]
MANAGED = call(DEVICE, out="100 (connected)\n8f1c\n")
UNMANAGED = call(DEVICE, out="10 (unmanaged)\n\n")
UDEV = call(
    ["udevadm", "info", "--query=property", "--path=/sys/class/net/eno1"],
    out=f"ID_NET_DRIVER=e1000e\nID_NET_LINK_FILE=/{DEFAULT}\n",
)
RELOAD = call(["udevadm", "control", "--reload"])


def profile(word: str) -> Call:
    return call(["nmcli", "--get-values", linux_keeper.SETTING, "connection", "show", "uuid", "8f1c"], out=f"{word}\n")


def modify(word: str) -> Call:
    return call(["nmcli", "connection", "modify", "uuid", "8f1c", linux_keeper.SETTING, word])


WRITTEN = f"""\
# Written by hybrid_ai.cluster; changes are overwritten.
[Match]
PermanentMACAddress={MAC}

[Link]
NamePolicy=keep kernel database onboard slot path
AlternativeNamesPolicy=database onboard slot path
MACAddressPolicy=persistent
WakeOnLan=magic
"""


@pytest.fixture
def host(host_files: Path) -> Path:
    """A host with a card, and a bridge and a VLAN above it that have its address."""
    for name, address, kind in (
        ("eno1", MAC, "INTERFACE=eno1\n"),
        ("br0", MAC, "DEVTYPE=bridge\n"),
        ("eno1.7", MAC, "DEVTYPE=vlan\n"),
        ("wlp2s0", "a8:5e:45:00:00:22", "DEVTYPE=wlan\n"),
        ("lo", "00:00:00:00:00:00", "INTERFACE=lo\n"),
    ):
        folder = host_files / "sys/class/net" / name
        folder.mkdir(parents=True)
        (folder / "address").write_text(f"{address}\n", encoding="ascii")
        (folder / "uevent").write_text(kind, encoding="ascii")
    write(
        host_files / DEFAULT,
        f"# systemd\n[Match]\nOriginalName=*\n\n[Link]\n{WRITTEN.partition('[Link]')[2].strip()}\n",
    )
    return host_files


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_udev_is_told_what_it_did_before_and_to_wake(run_module: Run, host: Path) -> None:
    calls = [ethtool("d"), NO_MANAGER, UDEV, RELOAD, change("g"), ethtool("g")]
    result = run_module("linux_wake_on_lan", ARGS, calls, system="Linux")
    assert (result["changed"], result["interface"], result["keeper"]) == (True, "eno1", f"/{LINK}")
    assert (host / LINK).read_text(encoding="utf-8") == WRITTEN
    assert json.loads((host / RECORD).read_text(encoding="utf-8")) == {
        MAC.upper(): {"card": {"before": "d", "after": "g"}, "keeper": {"before": None, "after": WRITTEN}}
    }
    assert result["diff"] == {"before": "Wake-on: d\n", "after": f"Wake-on: g\n{WRITTEN}"}


@pytest.mark.parametrize("modes", ["g", "ug"])
def test_a_second_run_changes_nothing(run_module: Run, host: Path, modes: str) -> None:
    write(host / LINK, WRITTEN)
    result = run_module("linux_wake_on_lan", ARGS, [ethtool(modes), NO_MANAGER], system="Linux")
    assert not result["changed"]
    assert not (host / RECORD).exists()


def test_check_mode_predicts(run_module: Run, host: Path) -> None:
    result = run_module("linux_wake_on_lan", ARGS, [ethtool("d"), NO_MANAGER, UDEV], check=True, system="Linux")
    assert result["changed"]
    assert not (host / LINK).exists()


def test_a_card_without_a_file_gets_what_systemd_says_itself(run_module: Run, host: Path) -> None:
    none = call(UDEV.argv, out="ID_NET_DRIVER=e1000e\n")
    run_module("linux_wake_on_lan", ARGS, [ethtool("g"), NO_MANAGER, none, RELOAD], system="Linux")
    assert "NamePolicy=keep kernel database onboard slot path\n" in (host / LINK).read_text(encoding="utf-8")


@pytest.mark.parametrize(("before", "written"), [("default", "magic"), ("phy", "magic")])
def test_networkmanager_is_told_where_the_card_is_its_own(
    run_module: Run, host: Path, before: str, written: str
) -> None:
    calls = [ethtool("d"), MANAGER, MANAGED, profile(before), profile(before)]
    calls += [modify(written), profile(written), change("g"), ethtool("g")]
    result = run_module("linux_wake_on_lan", ARGS, calls, system="Linux")
    assert result["keeper"] == "NetworkManager's profile 8f1c"
    assert not (host / LINK).exists()


def test_a_profile_that_has_it_among_others_is_left(run_module: Run, host: Path) -> None:
    calls = [ethtool("g"), MANAGER, MANAGED, profile("phy,magic"), profile("phy,magic")]
    assert not run_module("linux_wake_on_lan", ARGS, calls, system="Linux")["changed"]
    assert host.exists()


def test_a_card_that_networkmanager_leaves_alone_is_udevs(run_module: Run, host: Path) -> None:
    calls = [ethtool("g"), MANAGER, UNMANAGED, UDEV, RELOAD]
    run_module("linux_wake_on_lan", ARGS, calls, system="Linux")
    assert (host / LINK).exists()


def test_restored_sets_back_what_was_before(run_module: Run, host: Path) -> None:
    run_module(
        "linux_wake_on_lan", ARGS, [ethtool("d"), NO_MANAGER, UDEV, RELOAD, change("g"), ethtool("g")], system="Linux"
    )
    args = {"state": "restored"}
    calls = [ethtool("g"), NO_MANAGER, RELOAD, change("d"), ethtool("d")]
    assert run_module("linux_wake_on_lan", args, calls, system="Linux")["changed"]
    assert not (host / LINK).exists()
    again = run_module("linux_wake_on_lan", args, [], system="Linux")
    assert (again["changed"], again["interface"], again["keeper"]) == (False, None, None)


@pytest.mark.parametrize(
    ("args", "calls", "sentence"),
    [
        pytest.param({"mac_address": "a8"}, [], "write six pairs of hexadecimal digits", id="spelling"),
        pytest.param(
            {"mac_address": "02:00:00:00:00:09"},
            [],
            "to no network card of this host, which has eno1 (a8:5e:45:00:00:21) and wlp2s0 (a8:5e:45:00:00:22).",
            id="no-such-card",
        ),
        pytest.param(ARGS, [ethtool("d", "pumb")], "its driver does not offer it", id="no-magic-packet"),
        pytest.param(
            ARGS, [call(["ethtool", "eno1"], out="Settings for eno1:\n")], "its driver does not offer it", id="virtual"
        ),
        pytest.param(
            ARGS,
            [ethtool("d"), NO_MANAGER, UDEV, RELOAD, change("g", rc=1, err="Operation not permitted"), ethtool("d")],
            "keeps Wake-on d where g was asked for; ethtool said Operation not permitted.",
            id="it-does-not-obey",
        ),
        pytest.param(
            ARGS,
            [
                ethtool("g"),
                MANAGER,
                MANAGED,
                profile("default"),
                profile("default"),
                modify("magic"),
                profile("default"),
            ],
            "says default about waking where magic was written",
            id="networkmanager-does-not-obey",
        ),
    ],
)
@pytest.mark.usefixtures("host")
def test_wrong(run_module: Run, args: dict[str, Any], calls: list[Call], sentence: str) -> None:
    result = run_module("linux_wake_on_lan", args, calls, system="Linux")
    assert result["failed"]
    assert sentence in result["msg"]


def test_it_needs_root(run_module: Run) -> None:
    result = run_module("linux_wake_on_lan", ARGS, [], system="Linux", uid=1000)
    assert result["msg"] == "Changing what wakes this host needs root: set become to true for this task."
