# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import dataclasses
import os
import plistlib
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IMAGE = "/opt/hybrid-ai/releases/EXO-1.0.71.dmg"
PLACE = "/private/var/db/hybrid-ai/images/EXO.app"
APP, NEW, PREVIOUS = "Applications/EXO.app", "Applications/.EXO.app.new", "Applications/.EXO.app.previous"
HDIUTIL = "/usr/bin/hdiutil"
INSTALL = {"name": "EXO.app", "image": IMAGE, "version": "1.0.71"}
STEPS = ["attach", "copy", "verify", "detach", "switch"]


@pytest.fixture(autouse=True)
def mac(host_files: Path) -> None:
    (host_files / "Applications").mkdir()
    (host_files / IMAGE.lstrip("/")).parent.mkdir(parents=True)
    (host_files / IMAGE.lstrip("/")).touch()


def put(host: Path, path: str, version: str | None) -> None:
    contents = host / path.lstrip("/") / "Contents"
    contents.mkdir(parents=True)
    info = plistlib.dumps({"CFBundleShortVersionString": version}) if version else b"cut off"
    (contents / "Info.plist").write_bytes(info)


def version(host: Path, path: str) -> str | None:
    file = host / path / "Contents/Info.plist"
    return plistlib.loads(file.read_bytes())["CFBundleShortVersionString"] if file.exists() else None


def entities(place: str | None) -> list[dict[str, Any]]:
    volume = {"dev-entry": "/dev/disk4s1", "mount-point": place} if place else {"dev-entry": "/dev/disk4s1"}
    return [{"dev-entry": "/dev/disk4", "potentially-mountable": False}, volume]


def info(place: str | None = None) -> Call:
    images = [{"image-path": IMAGE, "system-entities": entities(place)}] if place else []
    return call([HDIUTIL, "info", "-plist"], out=plistlib.dumps({"images": images}).decode())


class Mac:
    """Commands with their effects on the files of one host."""

    def __init__(self, host: Path, holds: str | None = "1.0.71") -> None:
        self.host, self.holds = host, holds

    def attach(self, noise: str = "", answer: str = "N\n") -> Call:
        return call(
            [HDIUTIL, "attach", "-plist", "-nobrowse", "-readonly", "-mountpoint", PLACE, IMAGE],
            stdin=answer,
            out=noise + plistlib.dumps({"system-entities": entities(PLACE)}).decode(),
            effect=lambda: put(self.host, f"{PLACE}/EXO.app", self.holds),
        )

    def ditto(self, *, complete: bool = True) -> Call:
        source, target = self.host / PLACE.lstrip("/") / "EXO.app", self.host / NEW
        return call(
            ["/usr/bin/ditto", f"{PLACE}/EXO.app", f"/{NEW}"],
            effect=lambda: shutil.copytree(source, target, symlinks=True) if complete else target.mkdir(),
        )

    def detach(self, *options: str, rc: int = 0, busy: bool = False) -> Call:
        err = 'hdiutil: couldn\'t unmount "disk4" - Resource busy\n' if busy else ""
        mounted = self.host / PLACE.lstrip("/") / "EXO.app"
        return call(
            [HDIUTIL, "detach", *options, PLACE],
            rc=16 if busy else rc,
            err=err,
            effect=None if busy else lambda: shutil.rmtree(mounted, ignore_errors=True),
        )

    def clear(self) -> list[Call]:
        return [info(PLACE), self.detach(), info()]

    def install(self) -> list[Call]:
        return [self.attach(), self.ditto(), CODESIGN, self.detach(), info(), info()]


CODESIGN = call(["/usr/bin/codesign", "--verify", "--deep", f"/{NEW}"])

# (what is there, options, what is there afterwards, steps); what is there: the application, its copy, the one before
CASES = [
    pytest.param((None, None, None), {}, ("1.0.71", None, None), [*STEPS, "remove_previous"], id="new"),
    pytest.param(("1.0.70", None, None), {"keep_previous": True}, ("1.0.71", None, "1.0.70"), STEPS, id="upgrade-kept"),
    pytest.param(("1.0.70", None, None), {}, ("1.0.71", None, None), [*STEPS, "remove_previous"], id="upgrade"),
    pytest.param(("1.0.72", None, None), {}, ("1.0.71", None, None), [*STEPS, "remove_previous"], id="downgrade"),
    pytest.param(("1.0.71", None, None), {}, ("1.0.71", None, None), [], id="installed-already"),
    pytest.param(
        ("1.0.70", "1.0.71", None),
        {"keep_previous": True},
        ("1.0.71", None, "1.0.70"),
        ["remove_unfinished", *STEPS],
        id="killed-while-copying",
    ),
    pytest.param(
        (None, "1.0.71", "1.0.70"),
        {"keep_previous": True},
        ("1.0.71", None, "1.0.70"),
        ["remove_unfinished", *STEPS],
        id="killed-while-switching",
    ),
    pytest.param(
        ("1.0.71", None, "1.0.70"), {}, ("1.0.71", None, None), ["remove_previous"], id="killed-before-the-end"
    ),
    pytest.param(
        ("1.0.71", None, "1.0.70"), {"keep_previous": True}, ("1.0.71", None, "1.0.70"), [], id="kept-until-committed"
    ),
    pytest.param(
        ("1.0.71", None, "1.0.70"), {"action": "rollback"}, ("1.0.70", None, None), ["restore"], id="rollback"
    ),
    pytest.param(
        (None, "1.0.71", "1.0.70"),
        {"action": "rollback"},
        ("1.0.70", None, None),
        ["remove_unfinished", "restore"],
        id="rollback-killed-half-way",
    ),
    pytest.param(
        ("1.0.71", None, None),
        {"action": "rollback"},
        ("1.0.71", None, None),
        [],
        id="rollback-without-a-version-before",
    ),
    pytest.param(
        ("1.0.71", None, "1.0.70"), {"action": "commit"}, ("1.0.71", None, None), ["remove_previous"], id="commit"
    ),
    pytest.param(("1.0.71", None, None), {"action": "commit"}, ("1.0.71", None, None), [], id="committed-already"),
    pytest.param(
        ("1.0.71", "1.0.72", "1.0.70"),
        {"state": "absent"},
        (None, None, None),
        ["remove_unfinished", "remove", "remove_previous"],
        id="absent",
    ),
    pytest.param((None, None, None), {"state": "absent"}, (None, None, None), [], id="absent-already"),
]


@pytest.mark.parametrize(("before", "options", "after", "steps"), CASES)
def test_steps(
    *,
    before: tuple[str | None, ...],
    options: dict[str, Any],
    after: tuple[str | None, ...],
    steps: list[str],
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    for path, there in zip((APP, NEW, PREVIOUS), before):
        if there:
            put(host_files, path, there)
    args = {**INSTALL, **options}
    predicted = run_module("macos_application", args, [info()], check=True)
    assert tuple(version(host_files, path) for path in (APP, NEW, PREVIOUS)) == before

    writes = Mac(host_files).install() if "attach" in steps else [info()] if steps else []
    result = run_module("macos_application", args, [info(), *writes])
    assert tuple(version(host_files, path) for path in (APP, NEW, PREVIOUS)) == after
    for one in (predicted, result):
        assert (one["changed"], one["steps"], one["would_install"]) == (bool(steps), steps, "attach" in steps)
        assert (one["version"], one["previous_version"]) == (after[0], after[2])
        assert (one["diff"]["before"] != one["diff"]["after"]) is bool(steps)
    assert predicted["diff"] == result["diff"]
    assert not (host_files / PLACE.lstrip("/")).exists()


def test_a_damaged_application_is_replaced(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    put(host_files, APP, None)
    result = run_module("macos_application", INSTALL, [info(), *Mac(host_files).install()])
    assert (result["changed"], version(host_files, APP)) == (True, "1.0.71")


def test_an_image_left_attached_is_detached_first(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    mac = Mac(host_files)
    put(host_files, f"{PLACE}/EXO.app", "1.0.71")
    result = run_module("macos_application", INSTALL, [info(PLACE), mac.detach(), info(), *mac.install()])
    assert result["steps"] == ["detach", *STEPS, "remove_previous"]


def test_what_prevents_attaching_or_detaching_for_a_while(
    run_module: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    mac = Mac(host_files)
    busy = call(mac.attach().argv, stdin="N\n", rc=1, err="hdiutil: attach failed - Resource busy\n")
    still_there = [mac.detach(busy=True), info(PLACE)]
    calls = [busy, mac.attach("You agree …\n"), mac.ditto(), CODESIGN, *still_there * 3, mac.detach("-force"), info()]
    result = run_module("macos_application", INSTALL, [info(), *calls, info()])
    assert (result["changed"], version(host_files, APP)) == (True, "1.0.71")


def test_a_licence_is_accepted_only_when_asked_to(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    mac = Mac(host_files)
    args = {**INSTALL, "accept_licence": True, "verify_signature": False}
    calls = [mac.attach("Do you agree?\n", "Y\n"), mac.ditto(), mac.detach(), info(), info()]
    assert run_module("macos_application", args, [info(), *calls])["changed"] is True


def failing_attach(text: str) -> Call:
    return call(Mac(None).attach().argv, stdin="N\n", rc=1, err=f"hdiutil: attach {text}\n")  # type: ignore[arg-type]


FAILURES = [
    pytest.param(
        lambda mac: [mac.attach(), *mac.clear()],
        "1.0.72",
        f"The disk image {IMAGE} holds version 1.0.72 of EXO.app instead of version 1.0.71.",
        id="another-version",
    ),
    pytest.param(
        lambda mac: [mac.attach(), *mac.clear()],
        None,
        f"The disk image {IMAGE} holds no usable EXO.app instead of version 1.0.71.",
        id="no-application",
    ),
    pytest.param(
        lambda mac: [mac.attach(), mac.ditto(complete=False), *mac.clear()],
        "1.0.71",
        f"The copy of EXO.app from {IMAGE} is not complete.",
        id="read-back-mismatch",
    ),
    pytest.param(
        lambda mac: [
            mac.attach(),
            mac.ditto(),
            call(CODESIGN.argv, rc=1, err=f"/{NEW}: code object is not signed at all\n"),
            *mac.clear(),
        ],
        "1.0.71",
        f"The code signature of EXO.app in {IMAGE} is not valid: /{NEW}: code object is not signed at all",
        id="signature",
    ),
    pytest.param(
        lambda mac: [
            mac.attach(),
            call(mac.ditto().argv, rc=1, err="ditto: /Applications: No space left on device\n"),
            *mac.clear(),
        ],
        "1.0.71",
        f"`/usr/bin/ditto {PLACE}/EXO.app /{NEW}` failed with status 1: ditto: /Applications: No space left on device",
        id="no-space",
    ),
    pytest.param(
        lambda mac: [failing_attach("failed - image not recognized"), info()],
        "1.0.71",
        f"The disk image {IMAGE} cannot be attached: hdiutil: attach failed - image not recognized",
        id="no-image",
    ),
    pytest.param(
        lambda mac: [failing_attach("canceled"), info()],
        "1.0.71",
        f"The disk image {IMAGE} cannot be attached (its licence was not accepted): hdiutil: attach canceled",
        id="licence",
    ),
    pytest.param(
        lambda mac: [call(mac.attach().argv, stdin="N\n", out="no list"), info()],
        "1.0.71",
        "hdiutil printed no property list but: no list",
        id="no-property-list",
    ),
]


@pytest.mark.parametrize(("calls", "holds", "message"), FAILURES)
def test_failures_leave_the_old_one(
    *,
    calls: Callable[[Mac], list[Call]],
    holds: str | None,
    message: str,
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
) -> None:
    put(host_files, APP, "1.0.70")
    mac = Mac(host_files, holds)
    result = run_module("macos_application", INSTALL, [info(), *calls(mac)])
    assert (result.get("failed"), result["msg"]) == (True, message)
    assert (version(host_files, APP), version(host_files, NEW)) == ("1.0.70", None)
    assert not (host_files / PLACE.lstrip("/")).exists()


ARGUMENTS = [
    pytest.param({"name": "EXO.app"}, "To install EXO.app, give both its version and its image.", id="nothing-said"),
    pytest.param(
        {**INSTALL, "name": "Utilities/EXO.app"},
        "Utilities/EXO.app is not a valid name of an application: give its place with destination.",
        id="path",
    ),
]


@pytest.mark.parametrize(("args", "message"), ARGUMENTS)
def test_arguments(args: dict[str, Any], message: str, run_module: Callable[..., dict[str, Any]]) -> None:
    assert run_module("macos_application", args)["msg"] == message


def test_a_missing_image_is_noticed_when_it_is_needed(
    run_module: Callable[..., dict[str, Any]], host_files: Path
) -> None:
    (host_files / IMAGE.lstrip("/")).unlink()
    assert run_module("macos_application", INSTALL, [info()], check=True)["would_install"] is True
    result = run_module("macos_application", INSTALL, [info(), info()])
    assert result["msg"] == f"There is no disk image {IMAGE}: put it there first."


def replace_by_link(app: Path) -> None:
    shutil.move(app, app.parent / "elsewhere")
    app.symlink_to("elsewhere")


def with_set_id(app: Path) -> None:
    (app / "tool").touch(0o755)
    (app / "tool").chmod(0o4755)


WAYS_OUT = [
    pytest.param(lambda app: (app / "out").symlink_to("/etc"), "outside its own directory", id="absolute link"),
    pytest.param(lambda app: (app / "Contents/out").symlink_to("../.."), "outside its own directory", id="link"),
    pytest.param(replace_by_link, "which no release needs", id="application is a link"),
    pytest.param(lambda app: os.mkfifo(app / "pipe"), "which is a pipe", id="pipe"),
    pytest.param(with_set_id, "its owner's rights", id="owner's rights"),
]


@pytest.mark.parametrize(("change", "sentence"), WAYS_OUT)
def test_an_application_that_leaves_its_folder_is_not_copied(
    run_module: Callable[..., dict[str, Any]],
    host_files: Path,
    change: Callable[[Path], object],
    sentence: str,
) -> None:
    mac = Mac(host_files)
    attach = mac.attach()

    def attached() -> None:
        attach.effect()  # type: ignore[misc]
        change(host_files / PLACE.lstrip("/") / "EXO.app")

    calls = [info(), dataclasses.replace(attach, effect=attached), *mac.clear()]
    result = run_module("macos_application", INSTALL, calls)
    assert result["failed"]
    assert sentence in result["msg"]
    assert result["msg"].startswith(f"The disk image {IMAGE} holds")
    assert not (host_files / NEW).exists()


def test_links_within_an_application_are_copied(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    mac = Mac(host_files)
    attach = mac.attach()

    def attached() -> None:
        attach.effect()  # type: ignore[misc]
        framework = host_files / PLACE.lstrip("/") / "EXO.app/Contents/Frameworks/Python.framework"
        (framework / "Versions/A").mkdir(parents=True)
        (framework / "Versions/Current").symlink_to("A")
        (framework / "Resources").symlink_to("Versions/Current/Resources")

    install = [dataclasses.replace(attach, effect=attached), *mac.install()[1:]]
    assert run_module("macos_application", INSTALL, [info(), *install])["changed"]
