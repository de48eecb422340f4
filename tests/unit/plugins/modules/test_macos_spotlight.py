# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

MDUTIL = "/usr/bin/mdutil"


def status(text: str, volume: str = "/") -> Call:
    return call([MDUTIL, "-s", volume], out=f"{volume}:\n\t{text}\n")


ENABLED = status("Indexing enabled. ")
DISABLED = status("Indexing disabled.")
TURN_OFF = call(
    [MDUTIL, "-i", "off", "/"],
    out="2024-11-22 00:21:40.144 mdutil[25437:982881] mdutil disabling Spotlight: / -> kMDConfigSearchLevelFSSearchOnly"
    "\n/:\n\tIndexing disabled.\n",
)


@pytest.mark.parametrize(
    ("args", "calls", "check", "expected"),
    [
        pytest.param(
            {"indexing": False},
            [ENABLED, TURN_OFF, DISABLED],
            False,
            {"changed": True, "indexing": {"/": False}},
            id="change",
        ),
        pytest.param({"indexing": False}, [DISABLED], False, {"changed": False}, id="no-change"),
        pytest.param(
            {"indexing": False},
            [status("Indexing and searching disabled.")],
            False,
            {"changed": False},
            id="searching-disabled-too",
        ),
        pytest.param({"indexing": False}, [status("No index.")], False, {"changed": False}, id="no-index"),
        pytest.param(
            {"indexing": True},
            [DISABLED, call([MDUTIL, "-i", "on", "/"], out="/:\n\tIndexing enabled. \n"), ENABLED],
            False,
            {"changed": True, "indexing": {"/": True}},
            id="turn-on",
        ),
        pytest.param(
            {"indexing": False, "volumes": ["/", "/Volumes/Models"]},
            [
                DISABLED,
                status("Indexing enabled. ", "/Volumes/Models"),
                call([MDUTIL, "-i", "off", "/Volumes/Models"]),
                DISABLED,
                status("Indexing disabled.", "/Volumes/Models"),
            ],
            False,
            {"changed": True, "indexing": {"/": False, "/Volumes/Models": False}},
            id="only-the-volume-that-differs",
        ),
        pytest.param(
            {"indexing": False}, [ENABLED], True, {"changed": True, "indexing": {"/": False}}, id="check-mode"
        ),
    ],
)
def test_spotlight(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_spotlight", args, calls, check=check)
    assert {key: result.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            {"indexing": False},
            [ENABLED, call([MDUTIL, "-i", "off", "/"], out="Error: unable to perform operation.  (-1)\n"), ENABLED],
            "The change did not take effect: / is on instead of off. `/usr/bin/mdutil -i off /` ended with status 0 "
            "and said: Error: unable to perform operation. (-1).",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            {"indexing": False, "volumes": ["/nowhere"]},
            [call([MDUTIL, "-s", "/nowhere"], out="Error: invalid path `/nowhere'.\n")],
            'mdutil says "Error: invalid path `/nowhere\'.", so whether Spotlight indexes /nowhere is unknown.',
            id="failed-read-with-exit-status-0",
        ),
        pytest.param(
            {"indexing": False},
            [status("Error: unknown indexing state.")],
            'mdutil says "/: Error: unknown indexing state.", so whether Spotlight indexes / is unknown.',
            id="unknown-state",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], calls: list[Call], message: str
) -> None:
    result = run_module("macos_spotlight", args, calls)
    assert (result["failed"], result["msg"]) == (True, message)
