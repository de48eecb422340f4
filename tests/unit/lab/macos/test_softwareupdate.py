# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``softwareupdate``, ``xcode-select`` and ``pkgutil``: how the Command Line Tools come to a Mac without a screen."""

from __future__ import annotations

import pytest

FLAG = "/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress"
HEAD = "Software Update Tool\n\nFinding available software\n"
LABEL = "Command Line Tools for Xcode 26.4-26.4"
PACKAGE = "com.apple.pkg.CLTools_Executables"


@pytest.fixture
def fast(mac):
    """A Mac whose update server answers at once, with Apple's flag file."""
    mac.write(FLAG)
    with mac.state.edit("softwareupdate") as data:
        data["pace"] = 0
    return mac


def test_nothing_is_listed_without_the_flag_file(fast) -> None:
    fast.path(FLAG).unlink()
    result = fast.run("softwareupdate", "-l", uid=501)
    assert (result.rc, result.out, result.err) == (0, HEAD, "No new software available.\n")


@pytest.mark.parametrize(
    ("release", "labels"),
    [
        pytest.param("15.7", ["Command Line Tools for Xcode-16.2", "Command Line Tools for Xcode-16.4"], id="15.7"),
        pytest.param("26.5", ["Command Line Tools for Xcode 26.3-26.3", LABEL], id="26.5"),
        pytest.param("27.0", ["Command Line Tools for Xcode 27.0-27.0"], id="27.0"),
    ],
)
def test_labels_by_release(fast, release, labels) -> None:
    result = fast.run("softwareupdate", "--list", release=release)
    found = [line.removeprefix("* Label: ") for line in result.out.splitlines() if line.startswith("* Label: ")]
    assert (result.rc, result.err, found) == (0, "", labels)


def test_listing_is_the_capture(fast) -> None:
    assert fast.run("softwareupdate", "-l", release="15.7").out == (
        HEAD
        + "Software Update found the following new or updated software:\n"
        + "* Label: Command Line Tools for Xcode-16.2\n"
        + "\tTitle: Command Line Tools for Xcode, Version: 16.2, Size: 707501KiB, Recommended: YES, \n"
        + "* Label: Command Line Tools for Xcode-16.4\n"
        + "\tTitle: Command Line Tools for Xcode, Version: 16.4, Size: 707501KiB, Recommended: YES, \n"
    )


def test_installation(fast) -> None:
    result = fast.run("softwareupdate", "-i", LABEL)
    assert (result.rc, result.err) == (0, "")
    assert result.out == (
        HEAD
        + "\nDownloading Command Line Tools for Xcode 26.4\nDownloaded Command Line Tools for Xcode 26.4\n"
        + "Installing Command Line Tools for Xcode 26.4\nDone with Command Line Tools for Xcode 26.4\nDone.\n"
    )
    assert fast.run("xcode-select", "-p", uid=501).out == "/Library/Developer/CommandLineTools\n"
    assert fast.path("/Library/Developer/CommandLineTools/usr/bin/python3").is_symlink()
    receipt = fast.run("pkgutil", f"--pkg-info={PACKAGE}", uid=501)
    assert receipt.out.startswith(f"package-id: {PACKAGE}\nversion: 26.4.0.0.1.")
    assert "\nvolume: /\nlocation: /\ninstall-time: " in receipt.out
    assert fast.run("softwareupdate", "-l").err == "No new software available.\n"
    assert fast.run("xcode-select", "--install").rc == 1


def test_an_older_version_leaves_the_newer_one_on_offer(fast) -> None:
    fast.run("softwareupdate", "-i", "Command Line Tools for Xcode 26.3-26.3")
    assert f"* Label: {LABEL}\n" in fast.run("softwareupdate", "-l").out


def test_a_failed_download_exits_0(fast) -> None:
    with fast.state.edit("softwareupdate") as data:
        data["failures"] = 1
    failed = fast.run("softwareupdate", "-i", LABEL)
    assert failed.rc == 0
    assert failed.out.endswith("(PKDownloadError error 8.)\nDone.\n\nError downloading updates.\n")
    assert fast.run("xcode-select", "-p").rc == 2
    assert fast.run("softwareupdate", "-i", LABEL).rc == 0
    assert fast.run("xcode-select", "-p").rc == 0


def test_an_unknown_label(fast) -> None:
    result = fast.run("softwareupdate", "-i", "X")
    assert "X: No such update\nNo updates are available.\n" in result.out
    assert fast.run("xcode-select", "-p").rc == 2


def test_installing_needs_root(fast) -> None:
    assert fast.run("softwareupdate", "-i", LABEL, uid=501).rc != 0


def test_schedule(fast) -> None:
    assert fast.run("softwareupdate", "--schedule", uid=501).out == "Automatic checking for updates is turned on\n"
    assert fast.run("softwareupdate", "--schedule", "off", uid=501).rc == 1
    assert fast.run("softwareupdate", "--schedule", "off").out == "Automatic checking for updates is turned off\n"


NONE = (
    "xcode-select: error: unable to get active developer directory, use `sudo xcode-select --switch "
    "path/to/Xcode.app` to set one (or see `man xcode-select`)\n"
)
INVALID = "xcode-select: error: invalid developer directory '/Library/Developer/CommandLineTools'\n"


@pytest.mark.parametrize(
    ("argv", "rc", "err"),
    [
        pytest.param(["-p"], 2, NONE, id="print-path"),
        pytest.param(
            ["--install"], 0, "xcode-select: note: install requested for command line developer tools\n", id="install"
        ),
        pytest.param(["--switch", "/Library/Developer/CommandLineTools"], 1, INVALID, id="switch"),
    ],
)
def test_xcode_select_without_tools(mac, argv, rc, err) -> None:
    result = mac.run("xcode-select", *argv)
    assert (result.rc, result.out, result.err) == (rc, "", err)
    assert not mac.path("/Library/Developer").exists()


def test_xcode_select_switches_and_resets(mac) -> None:
    (mac.path("/Applications/Xcode.app/Contents/Developer") / "usr/bin").mkdir(parents=True)
    assert mac.run("xcode-select", "--switch", "/Applications/Xcode.app/Contents/Developer", uid=501).rc == 1
    assert mac.run("xcode-select", "--switch", "/Applications/Xcode.app/Contents/Developer").rc == 0
    assert mac.run("xcode-select", "-p").out == "/Applications/Xcode.app/Contents/Developer\n"
    assert mac.run("xcode-select", "--reset").rc == 0
    assert mac.run("xcode-select", "-p").rc == 2


def test_pkgutil_without_a_receipt(mac) -> None:
    result = mac.run("pkgutil", "--pkg-info", PACKAGE)
    assert (result.rc, result.err) == (1, f"No receipt for '{PACKAGE}' found at '/'.\n")


def test_pkgutil_forgets(fast) -> None:
    fast.run("softwareupdate", "-i", LABEL)
    assert fast.run("pkgutil", "--pkgs").out == f"{PACKAGE}\n"
    assert fast.run("pkgutil", "--forget", PACKAGE).out == f"Forgot package '{PACKAGE}' on '/'.\n"
    assert fast.run("pkgutil", "--pkg-info", PACKAGE).rc == 1
