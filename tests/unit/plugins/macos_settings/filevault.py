# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
from typing import Any

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

FDESETUP = "/usr/bin/fdesetup"
READ = [FDESETUP, "status"]
PASSWORD = "correct horse"
STDIN = plistlib.dumps({"Username": "admin", "Password": PASSWORD}).decode()
ALONE = {"filevault": "disabled"}
BY_ADMIN = {**ALONE, "filevault_user": "admin", "filevault_password": PASSWORD}


def status(text: str) -> Call:
    return call(READ, out=f"{text}\n")


def version(text: str) -> Call:
    return call(["/usr/bin/sw_vers", "-productVersion"], out=f"{text}\n")


def disable(**answer: Any) -> Call:
    return call([FDESETUP, "disable", "-inputplist"], stdin=STDIN, **answer)


OFF = status("FileVault is Off.")
ON = status("FileVault is On.")
DEFERRED = status("FileVault is Off.\nDeferred enablement appears to be active for user 'alex'.")
END = call([FDESETUP, "disable"])
DECRYPTING = status("FileVault is On.\nDecryption in progress: Percent completed = 40")
OFF_DECRYPTING = status("FileVault is Off.\nDecryption in progress: Percent completed = 40")
OFF_AFTER_RESTART = status("FileVault is Off, but needs to be restarted to finish.")
ON_AFTER_RESTART = status("FileVault is Off, but will be enabled after the next restart.")
SAYS_OFF = "FileVault is Off."
SSH = (
    "With FileVault on, this Mac is locked after every restart and waits for the FileVault password: log in by ssh "
    "with the password of a user who may unlock it; that ends the connection, and then the Mac starts."
)
WAITS = "With FileVault on, this Mac waits for a person after every restart."

WANTED = "disabled"
RUNS = [
    Run(
        "change waits for the decryption",
        BY_ADMIN,
        [ON, disable(), DECRYPTING, DECRYPTING, OFF],
        changed=True,
        value=SAYS_OFF,
    ),
    Run(
        "answers that are missing or not understood do not end the wait",
        BY_ADMIN,
        [ON, disable(), DECRYPTING, call(READ, hangs=True), status("FileVault is thinking."), OFF],
        changed=True,
        value=SAYS_OFF,
    ),
    Run("exit status is not trusted", BY_ADMIN, [ON, disable(rc=1), OFF], changed=True),
    Run("on where it is allowed", {"filevault": "allowed"}, [ON], changed=False, value="FileVault is On."),
    Run("off where it is allowed", {"filevault": "allowed"}, [OFF], changed=False, value=SAYS_OFF),
    Run("pending where it is allowed", {"filevault": "allowed"}, [DEFERRED], changed=False),
    Run("no change needs no password", ALONE, [OFF], changed=False, value=SAYS_OFF),
    Run("already on its way", ALONE, [DECRYPTING, DECRYPTING, OFF], changed=False, value=SAYS_OFF),
    Run("off, and on its way", ALONE, [OFF_DECRYPTING, OFF_DECRYPTING, OFF], changed=False),
    Run("off with a restart to come", ALONE, [OFF_AFTER_RESTART], changed=False),
    Run("deferred activation is taken back", BY_ADMIN, [ON_AFTER_RESTART, disable(), OFF], changed=True),
    Run(
        "on with a restart to come",
        BY_ADMIN,
        [status("FileVault is On, but needs to be restarted to finish."), disable(), OFF],
        changed=True,
    ),
    Run("a deferral is ended without a password", ALONE, [DEFERRED, END, OFF], changed=True, value=SAYS_OFF),
    Run("or with the one that is given", BY_ADMIN, [DEFERRED, disable(), OFF], changed=True),
    Run("check mode sees a deferral", ALONE, [DEFERRED], changed=True, check=True),
    Run(
        "a keychain does not matter",
        ALONE,
        [status("FileVault is Off.\nFileVault master keychain appears to be installed.")],
        changed=False,
    ),
    Run(
        "encrypting",
        BY_ADMIN,
        [status("FileVault is On.\nEncryption in progress: Percent completed = 50.0"), disable(), OFF],
        changed=True,
    ),
    Run(
        "encrypting though off",
        BY_ADMIN,
        [status("FileVault is Off.\nEncryption in progress: Percent completed = 0"), disable(), OFF],
        changed=True,
    ),
    Run("check mode", BY_ADMIN, [ON], changed=True, value=SAYS_OFF, check=True),
    Run("check mode does not wait", ALONE, [DECRYPTING], changed=False, check=True),
]
FAILURES = [
    Failure(
        "no password",
        {**ALONE, "filevault_user": "admin"},
        [ON],
        "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give them "
        "(the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security.",
    ),
    Failure(
        "read-back with exit status 0",
        BY_ADMIN,
        [ON, disable(rc=0, out="FileVault was not disabled (-69594).\n"), ON],
        "FileVault was not turned off (FileVault was not disabled (-69594)): check that admin may unlock this disk "
        "(`fdesetup list`) and that the password is right.",
    ),
    Failure(
        "the password is in no message",
        BY_ADMIN,
        [ON, disable(rc=11, err=f"Error: unable to authenticate {PASSWORD}\n"), ON],
        "FileVault was not turned off (Error: unable to authenticate ********): check that admin may unlock this disk "
        "(`fdesetup list`) and that the password is right.",
    ),
    Failure(
        "a deferral that wants a password",
        ALONE,
        [DEFERRED, call([FDESETUP, "disable"], out="Enter the user name:", rc=11), DEFERRED],
        "FileVault was not turned off (Enter the user name:): give user and password of an administrator.",
    ),
    Failure(
        "it takes too long",
        BY_ADMIN,
        [ON, disable(), *[DECRYPTING] * 362],
        "FileVault is still being turned off after 1800 seconds (FileVault is On. Decryption in progress: Percent "
        "completed = 40): it goes on by itself, so repeat this run later.",
    ),
]
EITHER = "on or off, and unlocked by ssh"
TOO_OLD = (
    "macOS takes the FileVault password by ssh from version 26 on, and before that at the screen alone: bring this Mac "
    "to macOS 26, or write disabled for macos_headless_filevault."
)
LINES = [
    Line("allowed and on", "allowed", [ON, version("26.5.2")], True, f"FileVault is On. {SSH}", EITHER),
    Line("allowed and off", "allowed", [OFF], True, SAYS_OFF, EITHER),
    Line("allowed, before 26", "allowed", [ON, version("15.7.2")], False, "FileVault is On.", EITHER, TOO_OLD),
    Line("off", "disabled", [OFF], True, SAYS_OFF, SAYS_OFF),
    Line("on", "disabled", [ON, version("15.7.2")], False, "FileVault is On.", SAYS_OFF, WAITS),
    Line("on, macOS 26", "disabled", [ON, version("26.5.2")], False, "FileVault is On.", SAYS_OFF, SSH),
    Line("on, macOS 27", "disabled", [ON, version("27.0")], False, "FileVault is On.", SAYS_OFF, SSH),
    Line("on, no version", "disabled", [ON, version("")], False, "FileVault is On.", SAYS_OFF, WAITS),
    Line(
        "decrypting",
        "disabled",
        [OFF_DECRYPTING, version("15.7.2")],
        False,
        "FileVault is Off. Decryption in progress: Percent completed = 40",
        SAYS_OFF,
        WAITS,
    ),
    Line(
        "pending",
        "disabled",
        [DEFERRED, version("26.5.2")],
        False,
        "FileVault is Off. Deferred enablement appears to be active for user 'alex'.",
        SAYS_OFF,
        f"FileVault is turned on by itself: repeat site.yml with the tag macos_headless before that. {SSH}",
    ),
    Line(
        "nobody can want it otherwise",
        "enabled",
        [],
        False,
        "not measured: expected is enabled and must be one of disabled, allowed",
        "a measurement",
    ),
]
UNKNOWN = [
    said("translated", READ, "fdesetup", "FileVault ist deaktiviert.\n"),
    said("a line that nobody knows", READ, "fdesetup", "FileVault is Off.\nA profile turns it on tonight.\n"),
    said("more on the line", READ, "fdesetup", "FileVault is Off, or will be.\n"),
    said("off with a failure", READ, "fdesetup", "FileVault is Off.\n", rc=33),
    said("an error", READ, "fdesetup", "Error: Unable to get status.\n"),
    silent(READ, "fdesetup"),
    hangs(READ),
]
