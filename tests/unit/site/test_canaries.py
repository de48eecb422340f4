# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The search for secrets finds what it is to find, and knows every secret of the site."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.site import canaries, leaks

if TYPE_CHECKING:
    from pathlib import Path


def test_every_secret_of_the_site_has_a_value() -> None:
    made, unknown = canaries.values()
    names = set(canaries.secret_options())
    assert unknown == []
    assert set(made) | canaries.derived(names) | canaries.FROM_THE_LAB | canaries.IN_A_SCENARIO >= names
    assert {"grafana_admin_password", "exo_environment", "alertmanager_webhooks"} <= set(made)
    known = canaries.patterns()
    assert all(any(pattern.decode() in str(value) for pattern in known) for value in made.values())


@pytest.mark.parametrize(
    ("option", "known"),
    [
        pytest.param({"type": "str"}, True, id="text"),
        pytest.param({"type": "str", "choices": ["a", "b"]}, False, id="choices"),
        pytest.param({"type": "dict"}, False, id="mapping"),
        pytest.param({"type": "list", "elements": "str"}, False, id="list"),
    ],
)
def test_a_new_secret_is_covered_or_named(option: dict[str, Any], known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "secret_options", lambda: {"new_secret": {**option, "no_log": True}})
    made, unknown = canaries.values()
    assert (list(made), unknown) == ((["new_secret"], []) if known else ([], ["new_secret"]))


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "a longer name:"])
def test_a_secret_is_found_as_it_is_and_in_base64(before: str) -> None:
    text = f"{before}{canaries.MARK}n07-login"
    for shown in (text, base64.b64encode(text.encode()).decode()):
        assert leaks.in_text(f"Authorization: Basic {shown}\n", canaries.patterns())
    assert leaks.in_text("Authorization: Basic Y2FuYXJ5\n", canaries.patterns()) == []


PASSWD = "root:x:0:0::/:\nsvc:x:450:450::/:\nother:x:501:20::/:\nadmin:x:502:20::/:\n"
GROUP = "root:x:0:\nsvc:x:450:\nstaff:x:20:\nshared:x:30:svc,other\n"
FILES = [
    pytest.param(0o644, 0, 0, 0o755, True, id="everybody's"),
    pytest.param(0o600, 450, 450, 0o755, False, id="its service's"),
    pytest.param(0o640, 0, 450, 0o755, False, id="root's and the service's"),
    pytest.param(0o640, 450, 30, 0o755, True, id="of a group with others"),
    pytest.param(0o640, 0, 20, 0o755, True, id="of people"),
    pytest.param(0o644, 0, 0, 0o700, False, id="behind a closed directory"),
    pytest.param(0o644, 0, 0, 0o711, True, id="behind a directory that lets through"),
]


@pytest.mark.parametrize(("mode", "user", "group", "above", "open_to_strangers"), FILES)
def test_whose_files_are_whose(
    *, mode: int, user: int, group: int, above: int, open_to_strangers: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    (tmp_path / "etc/group").write_text(GROUP)
    file = tmp_path / "upper/opt/secret"
    file.parent.mkdir(parents=True)
    file.write_text(canaries.MARK)
    accounts = leaks.Accounts.read(tmp_path)

    class Status:
        def __init__(self, st_mode: int, st_uid: int, st_gid: int) -> None:
            self.st_mode, self.st_uid, self.st_gid = st_mode, st_uid, st_gid

    statuses = {file: Status(mode, user, group), file.parent: Status(above, 0, 0)}
    monkeypatch.setattr(type(file), "lstat", lambda path: statuses[path])
    assert accounts.strangers_read(file, tmp_path / "upper") is open_to_strangers


def test_files_are_found_whatever_else_they_hold(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\0\xff" + canaries.MARK.encode() + b"\0")
    (tmp_path / "other").write_text("canary")
    assert leaks.files_with(canaries.patterns(), tmp_path, tmp_path / "missing") == [tmp_path / "binary"]
