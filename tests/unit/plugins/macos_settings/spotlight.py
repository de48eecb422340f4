# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, Unknown, hangs, said, silent

MDUTIL = "/usr/bin/mdutil"
DATA = "/System/Volumes/Data"
VOLUMES = ["/", DATA]
READ = [MDUTIL, "-s", *VOLUMES]
PASSING = call(READ, out="/:\n\tError: unexpected indexing state.  kMDConfigSearchLevelTransitioning\n")


def status(text: str) -> Call:
    return call(READ, out=f"/:\n\t{text}\n")


ENABLED = status("Indexing enabled. ")
DISABLED = status("Indexing disabled.")
TURN_OFF = call(
    [MDUTIL, "-i", "off", "/"],
    out="2024-11-22 00:21:40.144 mdutil[25437:982881] mdutil disabling Spotlight: / -> kMDConfigSearchLevelFSSearchOnly"
    "\n/:\n\tIndexing disabled.\n",
)
BOTH_OFF = call(READ, out=f"/:\n\tIndexing disabled.\n{DATA}:\n\tIndexing disabled.\n")
DATA_ON = call(READ, out="/:\n\tIndexing disabled.\n/System/Volumes/Data:\n\tIndexing enabled. \n")
SAYS_OFF = {
    "both halves": "/:\n\tIndexing disabled.\n/System/Volumes/Data:\n\tIndexing and searching disabled.\n",
    "the system's half is read only": "/:\n\tIndex is read-only.\n/System/Volumes/Data:\n\tIndexing disabled.\n",
    "searching too": "/:\n\tIndexing and searching disabled.\n",
    "no index": "/:\n\tNo index.\n",
    "no server": "Spotlight server is disabled.\n",
    "no server for a volume": "/:\n\tSpotlight server is disabled.\n",
    "no server and an error": "Spotlight server is disabled.\n/:\n\tError: unknown indexing state.\n",
    "other ends of lines": "\r\n/:\r\n\tIndexing disabled.\r\n\r\n",
    "last of two": "/System/Volumes/Data:\n\tError: unknown indexing state.\n/:\n\tIndexing disabled.\n",
}

WANTED = False
RUNS = [
    Run("change", {"spotlight": False}, [ENABLED, TURN_OFF, DISABLED], changed=True, value=False),
    Run(
        "only Data is on",
        {"spotlight": False},
        [DATA_ON, call([MDUTIL, "-i", "off", DATA], out=f"{DATA}:\n\tIndexing disabled.\n"), BOTH_OFF],
        changed=True,
        value={"spotlight": False, DATA: False},
    ),
    Run(
        "both are on, and the system's half is read only",
        {"spotlight": False},
        [
            call(READ, out=f"/:\n\tIndex is read-only.\n{DATA}:\n\tIndexing enabled. \n"),
            call(
                [MDUTIL, "-i", "off", *VOLUMES], out=f"/:\nError: invalid operation.\n{DATA}:\n\tIndexing disabled.\n"
            ),
            call(READ, out=f"/:\n\tIndex is read-only.\n{DATA}:\n\tIndexing disabled.\n"),
        ],
        changed=True,
        value={"spotlight": False, DATA: False},
    ),
    Run("no change", {"spotlight": False}, [DISABLED], changed=False, value=False),
    *(Run(title, {"spotlight": False}, [call(READ, out=text)], changed=False) for title, text in SAYS_OFF.items()),
    Run(
        "the first is on",
        {"spotlight": True},
        [
            call(READ, out=f"/:\n\tIndexing enabled. \n{DATA}:\n\tIndexing disabled.\n"),
            call([MDUTIL, "-i", "on", DATA], out=f"{DATA}:\n\tIndexing enabled. \n"),
            call(READ, out=f"/:\n\tIndexing enabled. \n{DATA}:\n\tIndexing enabled. \n"),
        ],
        changed=True,
    ),
    Run(
        "turn on",
        {"spotlight": True},
        [DISABLED, call([MDUTIL, "-i", "on", "/"], out="/:\n\tIndexing enabled. \n"), ENABLED],
        changed=True,
        value=True,
    ),
    Run("check mode", {"spotlight": False}, [ENABLED], changed=True, value=False, check=True),
    Run(
        "a state that passes is looked at again",
        {"spotlight": False},
        [PASSING, PASSING, ENABLED, TURN_OFF, PASSING, DISABLED],
        changed=True,
        value=False,
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        {"spotlight": False},
        [ENABLED, call([MDUTIL, "-i", "off", "/"], out="Error: unable to perform operation.  (-1)\n"), ENABLED],
        "The change did not take effect: spotlight is on instead of off. `/usr/bin/mdutil -i off /` ended with status "
        "0 and said: Error: unable to perform operation. (-1).",
    ),
]
LINES = [
    Line("off", False, [DISABLED], True, "off", "off"),
    Line("on", "no", [ENABLED], False, "on", "off"),
    Line("both halves off", False, [BOTH_OFF], True, "off", "off"),
    Line(
        "on the Data volume alone",
        False,
        [DATA_ON],
        False,
        "spotlight off, /System/Volumes/Data on",
        "spotlight off, /System/Volumes/Data off",
    ),
    Line("a state that passes", False, [PASSING, DISABLED], True, "off", "off"),
]
UNKNOWN = [
    said("an unknown state", READ, "mdutil", "/:\n\tError: unknown indexing state.\n"),
    said("an index that is read only", READ, "mdutil", "/:\n\tIndex is read-only.\n"),
    said("a path", READ, "mdutil", "Error: invalid path `/'.\n"),
    said("translated", READ, "mdutil", "/:\n\tIndizierung deaktiviert.\n"),
    said("two answers", READ, "mdutil", "/:\n\tIndexing enabled. \n\tIndexing disabled.\n"),
    said(
        "off, and an error", READ, "mdutil", "/:\n\tIndexing disabled.\n\tError: unable to perform operation.  (-1)\n"
    ),
    said(
        "read only, and nothing of Data",
        READ,
        "mdutil",
        "/:\n\tIndex is read-only.\n/System/Volumes/Data:\n\tError: unknown indexing state.\n",
    ),
    said("another volume", READ, "mdutil", "/System/Volumes/Data:\n\tIndexing disabled.\n"),
    said("off with a failure", READ, "mdutil", "/:\n\tIndexing disabled.\n", rc=1),
    said("more behind it", READ, "mdutil", "/:\n\tIndexing disabled. (pending)\n"),
    silent(READ, "mdutil"),
    hangs(READ),
    Unknown(
        "it passes and passes",
        [PASSING] * 21,
        'mdutil says "/: Error: unexpected indexing state. kMDConfigSearchLevelTransitioning"',
    ),
]
