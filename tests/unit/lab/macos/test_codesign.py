# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``codesign`` and ``spctl``: a seal over the files of a bundle."""

from __future__ import annotations

import hashlib
import plistlib

import pytest

APP = "/Applications/EXO.app"


@pytest.fixture
def app(mac):
    """A Mac with a signed application."""
    files = {"MacOS/EXO": b"program", "Resources/exo/exo": b"command"}
    for name, data in files.items():
        mac.write(f"{APP}/Contents/{name}").write_bytes(data)
    info = {"CFBundleIdentifier": "exolabs.EXO", "CFBundleExecutable": "EXO"}
    mac.write(f"{APP}/Contents/Info.plist").write_bytes(plistlib.dumps(info))
    seal = {"files2": {name: {"hash2": hashlib.sha256(data).digest()} for name, data in files.items()}}
    mac.write(f"{APP}/Contents/_CodeSignature/CodeResources").write_bytes(plistlib.dumps(seal))
    return mac


VALID = f"{APP}: valid on disk\n{APP}: satisfies its Designated Requirement\n"
BROKEN = f"{APP}: a sealed resource is missing or invalid\n"


@pytest.mark.parametrize(
    ("argv", "err"),
    [
        pytest.param(["--verify", "--deep", "--strict"], "", id="silent"),
        pytest.param(["-v"], "", id="v-alone-verifies"),
        pytest.param(["--verify", "-v"], VALID, id="verbose"),
        pytest.param(["--verify", "--verbose"], VALID, id="verbose-long"),
        pytest.param(["-vv"], VALID, id="vv"),
    ],
)
def test_a_valid_signature(app, argv, err) -> None:
    result = app.run("codesign", *argv, APP, uid=501)
    assert (result.rc, result.out, result.err) == (0, "", err)


@pytest.mark.parametrize("change", ["modified", "missing"])
def test_a_broken_seal(app, change) -> None:
    victim = app.path(f"{APP}/Contents/Resources/exo/exo")
    if change == "modified":
        victim.write_bytes(b"other")
    else:
        victim.unlink()
    result = app.run("codesign", "--verify", "--deep", "--strict", APP)
    assert (result.rc, result.err) == (1, BROKEN)
    verbose = app.run("codesign", "--verify", "-v", APP)
    assert verbose.err == f"{BROKEN}file {change}: {APP}/Contents/Resources/exo/exo\n"
    assessed = app.run("spctl", "--assess", "-v", APP)
    assert (assessed.rc, assessed.err.splitlines()[0]) == (3, f"{APP}: rejected")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/bin/tool", "code object is not signed at all", id="unsigned"),
        pytest.param("/nowhere", "No such file or directory", id="absent"),
    ],
)
def test_no_signature(mac, path, text) -> None:
    mac.write("/bin/tool")
    result = mac.run("codesign", "--verify", path)
    assert (result.rc, result.err) == (1, f"{path}: {text}\n")


def test_display(app) -> None:
    result = app.run("codesign", "-dv", APP)
    assert result.rc == 0
    assert "Identifier=exolabs.EXO\n" in result.err
    assert "TeamIdentifier=" in result.err


@pytest.mark.parametrize(
    ("argv", "rc", "out", "err"),
    [
        pytest.param(["--status"], 0, "assessments enabled\n", "", id="status"),
        pytest.param(["--add", "/x"], 4, "", None, id="removed-verb"),
        pytest.param(["--assess", APP], 0, "", "", id="quiet"),
        pytest.param(
            ["--assess", "--type", "execute", "-v", APP],
            0,
            "",
            f"{APP}: accepted\nsource=Notarized Developer ID\n",
            id="accepted-on-standard-error",
        ),
    ],
)
def test_spctl(app, argv, rc, out, err) -> None:
    result = app.run("spctl", *argv)
    assert (result.rc, result.out) == (rc, out)
    if err is not None:
        assert result.err == err


def test_gatekeeper_is_switched_off_by_a_person_only(mac) -> None:
    result = mac.run("spctl", "--global-disable")
    assert result.err == "Globally disabling the assessment system needs to be confirmed in System Settings.\n"
    assert mac.run("spctl", "--status").out == "assessments enabled\n"


def test_the_image_of_the_stand_in_is_signed(mac) -> None:
    from lab.standins.exo import bundle

    bundle.write(mac.path("/Applications"))
    result = mac.run("codesign", "--verify", "--deep", "--strict", "-v", APP)
    assert (result.rc, result.err) == (0, VALID)
