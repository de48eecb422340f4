# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The ceiling of the GPU's memory: now, at boot, and set back."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import call
from tests.unit.plugins.macos_settings.system_memory_gigabytes import SYSCTL, keep, seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLIST = "Library/LaunchDaemons/hybrid-ai.gpu-memory.plist"
SET = call([SYSCTL, "iogpu.wired_limit_mb=12288"])


@pytest.fixture
def boot(host_files: Path) -> Path:
    """Where what is set at boot lies."""
    (host_files / PLIST).parent.mkdir(parents=True)
    return host_files / PLIST


def arguments(boot: Path) -> list[str]:
    content = plistlib.loads(boot.read_bytes())
    assert (content["Label"], content["RunAtLoad"]) == ("hybrid-ai.gpu-memory", True)
    return list(content["ProgramArguments"])


def test_it_is_set_now_and_at_boot(run_module: Callable[..., dict[str, Any]], boot: Path) -> None:
    result = run_module("macos_headless", keep(4), [*seen(0), SET, *seen(12288)])
    assert result["changed_settings"] == ["system_memory_gigabytes"]
    assert result["settings"]["system_memory_gigabytes"] == {"iogpu.wired_limit_mb": 12288, "at boot": 12288}
    assert arguments(boot) == [SYSCTL, "iogpu.wired_limit_mb=12288"]
    assert not run_module("macos_headless", keep(4), seen(12288))["changed"]


def test_check_mode_writes_nothing(run_module: Callable[..., dict[str, Any]], boot: Path) -> None:
    assert run_module("macos_headless", keep(4), seen(0), check=True)["changed"]
    assert not boot.exists()


@pytest.mark.parametrize("there", [b"half a file", plistlib.dumps({"Label": "hybrid-ai.gpu-memory"})])
def test_what_is_not_as_wanted_at_boot_is_written_anew(
    run_module: Callable[..., dict[str, Any]], boot: Path, there: bytes
) -> None:
    boot.write_bytes(there)
    assert run_module("macos_headless", keep(4), [*seen(12288), *seen(12288)])["changed"]
    assert arguments(boot) == [SYSCTL, "iogpu.wired_limit_mb=12288"]


def test_macos_decides_again_when_it_is_set_back(run_module: Callable[..., dict[str, Any]], boot: Path) -> None:
    run_module("macos_headless", {**keep(4), "record": "mac"}, [*seen(0), SET, *seen(12288)])
    back = [*seen(12288), call([SYSCTL, "iogpu.wired_limit_mb=0"]), *seen(0)]
    assert run_module("macos_headless", {"state": "restored", "record": "mac"}, back)["changed"]
    assert not boot.exists()
