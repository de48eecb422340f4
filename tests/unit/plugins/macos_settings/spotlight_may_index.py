# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

MDUTIL = "/usr/bin/mdutil"
MOUNT = ["/sbin/mount"]
MODELS, PHOTOS = "/Volumes/My Models (2)", "/Volumes/Photos"
OWN = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//alex@nas/share on /Volumes/share (smbfs, nodev, nosuid, mounted by alex)
/dev/disk9s1 on /private/tmp/exo (hfs, local, nodev, nosuid, read-only, noowners, mounted by root, nobrowse)
"""
MODELS_LINE = f"/dev/disk5s1 on {MODELS} (apfs, local, nodev, nosuid, journaled, noowners)\n"
PHOTOS_LINE = f"/dev/disk6s2 on {PHOTOS} (exfat, local, nodev, nosuid, noowners)\n"
NONE = call(MOUNT, out=OWN)
ONE = call(MOUNT, out=OWN + MODELS_LINE)
BOTH = call(MOUNT, out=OWN + MODELS_LINE + PHOTOS_LINE)


def status(volume: str, text: str) -> Call:
    return call([MDUTIL, "-s", volume], out=f"{volume}:\n\t{text}\n")


def turn(volume: str, text: str = "Indexing disabled.", to: str = "off") -> Call:
    return call([MDUTIL, "-i", to, volume], out=f"{volume}:\n\t{text}\n")


ON, OFF = "Indexing enabled. ", "Indexing disabled."
NOT_THERE = f"Error: invalid path `{MODELS}'."
UNKNOWN_STATE = "Error: unknown indexing state."
PASSING = "Error: unexpected indexing state.  kMDConfigSearchLevelTransitioning"
RIDDLE = f'mdutil says "{PHOTOS}: {UNKNOWN_STATE}", so whether Spotlight indexes {PHOTOS} is unknown.'
GONE = f'mdutil says "{NOT_THERE}", so whether Spotlight indexes {MODELS} is unknown.'

WANTED: list[str] = []
RUNS = [
    Run(
        "change",
        {"spotlight_may_index": []},
        [
            *[BOTH, status(MODELS, ON), status(PHOTOS, "No index.")],
            *[turn(MODELS), BOTH, status(MODELS, PASSING), status(MODELS, OFF), status(PHOTOS, "No index.")],
        ],
        changed=True,
        value={MODELS: False, PHOTOS: False},
    ),
    Run(
        "one that may",
        {"spotlight_may_index": [f"{PHOTOS}/", "/Volumes/Not here"]},
        [
            *[BOTH, status(MODELS, ON), status(PHOTOS, ON)],
            *[turn(MODELS), BOTH, status(MODELS, OFF), status(PHOTOS, ON)],
        ],
        changed=True,
        value={MODELS: False},
    ),
    Run("no change", {"spotlight_may_index": []}, [ONE, status(MODELS, OFF)], changed=False, value={MODELS: False}),
    Run("no other volume", {"spotlight_may_index": []}, [NONE], changed=False, value={}),
    Run(
        "its server is off",
        {"spotlight_may_index": []},
        [ONE, call([MDUTIL, "-s", MODELS], out="Spotlight server is disabled.\n")],
        changed=False,
    ),
    Run("check mode", {"spotlight_may_index": []}, [ONE, status(MODELS, ON)], changed=True, check=True),
    Run(
        "one that cannot be told is left alone, and no other",
        {"spotlight_may_index": []},
        [
            *[BOTH, status(MODELS, ON), status(PHOTOS, UNKNOWN_STATE)],
            *[turn(MODELS), BOTH, status(MODELS, OFF), status(PHOTOS, UNKNOWN_STATE)],
        ],
        changed=True,
        value={MODELS: False},
        warnings=[f"{PHOTOS} is unmanaged: {RIDDLE}"],
    ),
    Run(
        "one that was taken away meanwhile",
        {"spotlight_may_index": []},
        [ONE, call([MDUTIL, "-s", MODELS], out=f"{NOT_THERE}\n")],
        changed=False,
        warnings=[f"{MODELS} is unmanaged: {GONE}"],
    ),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        {"spotlight_may_index": []},
        [ONE, status(MODELS, ON), turn(MODELS, "Error: unable to perform operation.  (-1)"), ONE, status(MODELS, ON)],
        f"The change did not take effect: {MODELS} is on instead of off. `/usr/bin/mdutil -i off {MODELS}` ended with "
        f"status 0 and said: {MODELS}: Error: unable to perform operation. (-1).",
    ),
    *(
        Failure(
            title,
            {"spotlight_may_index": [volume]},
            [],
            f"spotlight_may_index: {volume} is not a mount point of another volume, such as /Volumes/Photos; spotlight "
            "is for the startup volume.",
        )
        for title, volume in {
            "the startup volume": "/",
            "its other half": "/System/Volumes/Data",
            "a name": "Photos",
        }.items()
    ),
]
LINES = [
    Line("off", [], [ONE, status(MODELS, OFF)], True, "off", "off"),
    Line("on", [PHOTOS], [BOTH, status(MODELS, ON), status(PHOTOS, ON)], False, "on", "off"),
    Line(
        "on one of two",
        [],
        [BOTH, status(MODELS, ON), status(PHOTOS, OFF)],
        False,
        f"{MODELS} on, {PHOTOS} off",
        f"{MODELS} off, {PHOTOS} off",
    ),
    Line("no other volume", [], [NONE], True, "no other volume", "off"),
    Line("only what may", [MODELS], [ONE, status(MODELS, ON)], True, "only what may be indexed", "off"),
    Line(
        "one that cannot be told",
        [],
        [BOTH, status(MODELS, OFF), status(PHOTOS, UNKNOWN_STATE)],
        False,
        f"not measured: {RIDDLE[:-1]}",
        "a measurement",
    ),
]
UNKNOWN = [
    said("something else", MOUNT, "mount", "mount: not permitted\n"),
    said("a failure", MOUNT, "mount", "/dev/disk3s1s1 on / (apfs, local)\n", rc=1),
    silent(MOUNT, "mount"),
    hangs(MOUNT),
]
