# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""That `defaults` finds no switch of Time Machine is an answer only where it may read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.macos_settings.time_machine import ABSENT, ABSENT_27, ACCESS, OFF
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.plugins.harness import Call

PREFERENCES = "Library/Preferences/com.apple.TimeMachine.plist"
PROTECTED = "Library/Application Support/com.apple.TCC/TCC.db"


def write(root: Path, path: str, content: bytes = b"x") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("answer", [ABSENT, ABSENT_27], ids=["26", "27"])
@pytest.mark.parametrize(
    ("files", "known"),
    [
        pytest.param([], True, id="no-file-nothing-to-refuse"),
        pytest.param([PREFERENCES], False, id="a-file-that-perhaps-may-not-be-read"),
        pytest.param([PREFERENCES, PROTECTED], True, id="full-disk-access-is-proved"),
    ],
)
def test_no_switch(
    run_module: Callable[..., dict[str, Any]], host_files: Path, answer: Call, files: list[str], known: bool
) -> None:
    for path in files:
        write(host_files, path)
    result = run_module("macos_headless", {"time_machine": False}, [answer])
    assert (result.get("failed"), result["changed"]) == (None, False)
    if known:
        assert result["settings"] == {"time_machine": False}
        return
    assert "time_machine" not in result["settings"]
    [warning] = warnings_of(result)
    assert warning.startswith("time_machine is unmanaged: defaults says")
    assert warning.endswith(f"so whether that is so or may not be read is unknown. {ACCESS}")


def test_an_empty_database_proves_nothing(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    write(host_files, PREFERENCES)
    write(host_files, PROTECTED, b"")
    result = run_module("macos_headless", {"time_machine": False}, [ABSENT])
    assert list(result["unknown_settings"]) == ["time_machine"]


def test_a_switch_that_was_read_needs_no_proof(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    write(host_files, PREFERENCES)
    assert run_module("macos_headless", {"time_machine": False}, [OFF])["settings"] == {"time_machine": False}
