# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""nvidia_driver_packages: one transaction, looked at before it is made; texts of apt 2.6.1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apt import GET, POLICY, SHOWHOLD, STATES
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import INSTALLED
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.installation import OPTIONS

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

NAME = "nvidia_driver_packages"
NEW, OLD = "580.173.02-0ubuntu1", "575.57.08-0ubuntu1"
COMPUTE = {"names": ["libnvidia-compute-580"], "version": "580."}
MODULE = {"names": ["nvidia-dkms-580-open"], "version": "580."}
HEADERS = {
    "names": ["linux-headers-6.8.0-85-generic"],
    "optional": True,
    "otherwise": ["linux-image-generic", "linux-headers-generic"],
}
DESKTOP = {"names": ["nvidia-open-580"], "version": "580."}
WANTED = {"branch": 580, "packages": [COMPUTE, MODULE]}


def installed(**versions: str) -> Call:
    rows = {name.replace("_", "-"): version for name, version in versions.items()}
    return call(
        INSTALLED, out="".join(f"{name}\tii \t{version}\n" for name, version in {"apt": "2.7.14", **rows}.items())
    )


def policy(*names: str, none: tuple[str, ...] = (), version: str = NEW, **other: str) -> Call:
    versions = {**dict.fromkeys(names, version), **dict.fromkeys(none, "(none)")}
    versions |= {name.replace("_", "-"): value for name, value in other.items()}
    text = "".join(
        f"{name}:\n  Installed: (none)\n  Candidate: {versions[name]}\n  Version table:\n"
        for name in [*names, *none]
        if versions[name] != "(none)" or not name.startswith("linux-headers-")
    )
    return call([*POLICY, *names, *none], out=text)


def simulated(*words: str, text: str = "", **named: Any) -> Call:
    return call([*GET, "--simulate", *OPTIONS, *words], out=text, **named)


def inst(*names: str, version: str = NEW) -> str:
    return "".join(f"Inst {name} ({version} NVIDIA:x86_64 [amd64])\n" for name in names)


def made(*words: str, **named: Any) -> Call:
    return call([*GET, *OPTIONS, *words], **named)


def holds(*names: str) -> Call:
    return call(SHOWHOLD, out="".join(f"{name}\n" for name in names))


BOTH = ("libnvidia-compute-580", "nvidia-dkms-580-open")
THERE = {"libnvidia_compute_580": NEW, "nvidia_dkms_580_open": NEW}
SETTLED = call(STATES, out="apt\tinstalled\n")


@pytest.fixture
def record(host_files: Path) -> Path:
    return host_files / "var/lib/hybrid-ai/nvidia-driver.before.json"


def bring(run_module: Run) -> dict[str, Any]:
    calls = [installed(), policy(*BOTH), simulated(*BOTH, text=inst(*BOTH, "nvidia-firmware-580", "gcc")), made(*BOTH)]
    calls += [installed(**THERE), SETTLED, installed(**THERE)]
    calls += [holds(), call(["apt-mark", "hold", *BOTH]), holds(*BOTH)]
    return run_module(NAME, WANTED, calls)


def test_a_bare_host_gets_it_and_holds_it(run_module: Run, record: Path) -> None:
    result = bring(run_module)
    assert (result["changed"], result["held"], result["removed"]) == (True, list(BOTH), [])
    noted = json.loads(record.read_text())
    # What other programs use too is not remembered, so it never goes.
    assert sorted(noted["packages"]) == [*BOTH, "nvidia-firmware-580"]
    assert sorted(noted["holds"]) == sorted(BOTH)


def test_a_second_run_changes_nothing(run_module: Run) -> None:
    result = run_module(NAME, WANTED, [installed(**THERE), installed(**THERE), holds(*BOTH)])
    assert (result["changed"], result["installed"], result["held"]) == (False, {}, [])


def test_check_mode_simulates_and_stops(run_module: Run, record: Path) -> None:
    calls = [installed(), policy(*BOTH), simulated(*BOTH, text=inst(*BOTH)), holds()]
    result = run_module(NAME, WANTED, calls, check=True)
    assert (result["changed"], sorted(result["installed"])) == (True, list(BOTH))
    assert not record.exists()


def test_check_mode_takes_a_repository_that_is_not_there_yet_to_have_it(run_module: Run) -> None:
    nothing = policy(none=BOTH)
    assert run_module(NAME, WANTED, [installed(), nothing, nothing, holds()], check=True)["changed"]


def test_without_a_package_there_is_one_sentence(run_module: Run) -> None:
    result = run_module(NAME, {**WANTED, "advice": "See whether it is reached."}, [installed(), policy(none=BOTH)])
    assert result["msg"] == (
        "No archive that this host knows has libnvidia-compute-580. Nothing was installed. See whether it is reached."
    )


def test_an_upgrade_is_one_transaction(run_module: Run) -> None:
    before = installed(libnvidia_compute_575=OLD, nvidia_dkms_575_open=OLD, libnvidia_cfg1_575=OLD)
    words = [*BOTH, "libnvidia-compute-575-", "nvidia-dkms-575-open-", "libnvidia-cfg1-575-"]
    text = inst(*BOTH) + "".join(f"Remv {name[:-1]} [{OLD}]\n" for name in words[2:])
    calls = [before, policy(*BOTH, "libnvidia-cfg1-575", version=NEW, libnvidia_cfg1_575=OLD)]
    calls += [simulated(*words, text=text), made(*words), installed(**THERE), SETTLED, installed(**THERE), holds(*BOTH)]
    result = run_module(NAME, {**WANTED, "remove": ["libnvidia-compute-575", "nvidia-dkms-575-open"]}, calls)
    assert result["removed"] == ["libnvidia-cfg1-575", "libnvidia-compute-575", "nvidia-dkms-575-open"]


def test_libraries_without_a_number_in_their_name_go_back_with_it(run_module: Run) -> None:
    """A downgrade: apt takes nothing to an older version by itself."""
    wanted = {"branch": 615, "packages": [{"names": ["libnvidia-compute"], "version": "615."}], "hold": False}
    newer, older = "620.12.01-1ubuntu1", "615.71.09-1ubuntu1"
    calls = [
        installed(libnvidia_compute=newer, libnvidia_gpucomp=newer),
        policy("libnvidia-compute", "libnvidia-gpucomp", version=older),
        simulated("libnvidia-compute", "libnvidia-gpucomp", text=inst("libnvidia-compute", version=older)),
        made("libnvidia-compute", "libnvidia-gpucomp"),
        *[installed(libnvidia_compute=older, libnvidia_gpucomp=older), SETTLED],
        *[installed(libnvidia_compute=older, libnvidia_gpucomp=older), holds()],
    ]
    assert run_module(NAME, wanted, calls)["changed"]


def test_headers_that_the_archive_has_no_more_bring_a_newer_kernel(run_module: Run) -> None:
    names = ("libnvidia-compute-580", "linux-headers-6.8.0-85-generic", "linux-image-generic", "linux-headers-generic")
    found = call(
        [*POLICY, *names],
        out="".join(f"{name}:\n  Candidate: {NEW}\n" for name in names if name != "linux-headers-6.8.0-85-generic"),
    )
    words = ("libnvidia-compute-580", "linux-image-generic", "linux-headers-generic")
    calls = [installed(), found, simulated(*words, text=inst(*words)), holds()]
    result = run_module(NAME, {"branch": 580, "packages": [COMPUTE, HEADERS]}, calls, check=True)
    assert sorted(result["installed"]) == sorted(words)


REMOVES = "Remv libnvidia-gl-580 [580.1]\nRemv ubuntu-desktop [1.539]\nRemv gnome-shell [46.0]\n"


def test_a_transaction_that_takes_more_than_a_driver_is_refused(run_module: Run) -> None:
    calls = [installed(), policy(*BOTH), simulated(*BOTH, text=inst(*BOTH) + REMOVES)]
    assert run_module(NAME, WANTED, calls)["msg"] == (
        "The driver would remove gnome-shell and ubuntu-desktop from this host, which is not part of a driver. Nothing"
        " was installed. Either remove these first, if nobody needs them, or set nvidia_driver_desktop to true, for"
        " the driver with what a screen needs."
    )


def test_a_desk_keeps_its_screen(run_module: Run) -> None:
    calls = [installed(), policy(*BOTH), simulated(*BOTH, text=inst(*BOTH) + REMOVES)]
    calls += [
        policy("nvidia-open-580"),
        simulated("nvidia-open-580", text=inst("nvidia-open-580")),
        made("nvidia-open-580"),
    ]
    after = installed(nvidia_open_580=NEW)
    calls += [after, SETTLED, after, holds("nvidia-open-580")]
    result = run_module(NAME, {**WANTED, "desktop_packages": [DESKTOP]}, calls)
    assert (result["changed"], result["desktop"]) == (True, True)


def test_a_pin_of_somebody_else_is_seen_before_the_transaction(run_module: Run) -> None:
    calls = [installed(), policy(*BOTH, version=OLD), simulated(*BOTH, text=inst(*BOTH, version=OLD))]
    assert run_module(NAME, WANTED, calls)["msg"] == (
        f"apt would install libnvidia-compute-580 {OLD}, where 580 is wanted. Nothing was installed. Look which file in"
        " /etc/apt/preferences.d says so, with `apt-cache policy libnvidia-compute-580`."
    )


def test_a_transaction_that_cannot_be_says_why(run_module: Run) -> None:
    said = (
        "The following packages have unmet dependencies:\n nvidia-dkms-580-open : Depends: dkms but it is not"
        " installable\n"
    )
    wrong = simulated(*BOTH, text=said, rc=100, err="E: Unable to correct problems, you have held broken packages.\n")
    assert run_module(NAME, WANTED, [installed(), policy(*BOTH), wrong])["msg"].startswith(
        "apt cannot install this: Unable to correct problems, you have held broken packages."
    )


def test_a_build_that_fails_says_what_the_compiler_said(run_module: Run, host_files: Path) -> None:
    log = host_files / "var/lib/dkms/nvidia/580.173.02/build/make.log"
    log.parent.mkdir(parents=True)
    log.write_text(
        "DKMS make.log\n/usr/src/nvidia/nv.c:12:5: error: implicit declaration of function 'f'\nmake: *** [all] Error"
        " 2\n"
    )
    failed = made(*BOTH, rc=100, err="E: Sub-process /usr/bin/dpkg returned an error code (1)\n")
    half = call(STATES, out="nvidia-dkms-580-open\thalf-configured\n")
    calls = [installed(), policy(*BOTH), simulated(*BOTH, text=inst(*BOTH)), failed, installed(**THERE), half]
    message = run_module(NAME, WANTED, calls)["msg"]
    assert message.startswith("The driver is not installed as wanted (nvidia-dkms-580-open):")
    assert (
        "The build of the modules says \"/usr/src/nvidia/nv.c:12:5: error: implicit declaration of function 'f'\""
        in message
    )


def test_a_write_that_does_not_show_is_a_failure(run_module: Run) -> None:
    calls = [installed(), policy(*BOTH), simulated(*BOTH, text=inst(*BOTH)), made(*BOTH), installed(), SETTLED]
    assert (
        "The driver is not installed as wanted (libnvidia-compute-580 and nvidia-dkms-580-open)"
        in run_module(NAME, WANTED, calls)["msg"]
    )


def test_what_was_brought_is_removed_and_nothing_else(run_module: Run, record: Path) -> None:
    bring(run_module)
    words = ["--allow-change-held-packages", "purge", *BOTH]
    text = "".join(f"Purg {name} [{NEW}]\n" for name in BOTH)
    calls = [installed(**THERE), call([*GET, "--simulate", *words], out=text)]
    calls += [holds("theirs", *BOTH), call(["apt-mark", "unhold", *BOTH]), call([*GET, *words]), installed()]
    result = run_module(NAME, {"state": "absent"}, calls)
    assert (result["changed"], result["removed"]) == (True, list(BOTH))
    assert not record.exists()
    assert run_module(NAME, {"state": "absent"}, [installed(), holds()])["changed"] is False


def test_a_removal_takes_nothing_that_needs_it(run_module: Run) -> None:
    bring(run_module)
    words = ["--allow-change-held-packages", "purge", *BOTH]
    planned = call([*GET, "--simulate", *words], out=f"Purg somebodys-program [1]\nPurg {BOTH[0]} [{NEW}]\n")
    assert run_module(NAME, {"state": "absent"}, [installed(**THERE), planned])["msg"] == (
        "somebodys-program needs NVIDIA's driver and would go with it: remove that first, or leave the driver."
    )


def test_nothing_is_held_where_that_is_not_wanted(run_module: Run) -> None:
    bring(run_module)
    calls = [installed(**THERE), installed(**THERE), holds("theirs", *BOTH), call(["apt-mark", "unhold", *BOTH])]
    assert run_module(NAME, {**WANTED, "hold": False}, calls)["changed"]


def test_the_branch_is_needed(run_module: Run) -> None:
    assert run_module(NAME, {})["msg"].startswith("branch is missing")
