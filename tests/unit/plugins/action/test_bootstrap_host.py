# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""bootstrap_host: what a probe says, what is missing, and what is brought in which order."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import subprocess
import tarfile
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.hybrid_ai.cluster.plugins.action import bootstrap_host

CHECKSUM = "81" * 32
KEY = "ssh-ed25519 AAAAkey cluster"
INTERPRETER = "/opt/hybrid-ai/python/bin/python3"
MANAGED_MAC = f"kernel=Darwin\nuser=admin\nuid=501\nkey=present\nsudo=passwordless\narchive={CHECKSUM}\npython=works\n"
BARE_MAC = "Last login: today\nkernel=Darwin\nuser=admin\nuid=501\n"
MANAGED_LINUX = "kernel=Linux\nuser=admin\nuid=1000\nkey=present\nsudo=passwordless\npython=works\n"


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        pytest.param(BARE_MAC, ["cluster key", "passwordless sudo", "Python"], id="bare Mac"),
        pytest.param(MANAGED_MAC, [], id="managed Mac"),
        pytest.param(MANAGED_MAC.replace(CHECKSUM, "0" * 64), ["Python"], id="Mac with another archive"),
        pytest.param(MANAGED_MAC.replace("python=works\n", ""), ["Python"], id="Mac whose Python is broken"),
        pytest.param(MANAGED_LINUX, [], id="managed Linux"),
        pytest.param(MANAGED_LINUX.replace("python=works\n", ""), ["Python"], id="Linux without Python"),
        pytest.param("kernel=Linux\nuser=root\nuid=0\npython=works\n", ["cluster key"], id="root needs no sudo"),
    ],
)
def test_missing(probe, expected):
    assert bootstrap_host.missing(bootstrap_host.HostState.parse(probe), CHECKSUM) == expected


@pytest.mark.parametrize(
    "interpreter", ["/usr/bin/python3", "/opt/homebrew/bin/python3", "python3", "/opt/x/bin/python3.12"]
)
def test_refuses_a_place_where_no_python_of_ours_belongs(interpreter):
    with pytest.raises(AnsibleActionFail, match="write /opt/hybrid-ai/python/bin/python3"):
        bootstrap_host.installation_root(interpreter)


def test_installation_root():
    assert bootstrap_host.installation_root(INTERPRETER) == "/opt/hybrid-ai/python"


def archive_of(path, *members):
    """Write an archive as python-build-standalone packs its own, and more; return the checksum."""
    inside = [("python/bin/python3.12", tarfile.REGTYPE, ""), ("python/bin/python3", tarfile.SYMTYPE, "python3.12")]
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, target in (*inside, *members):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member, io.BytesIO())
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def host(monkeypatch, tmp_path):
    """Return a function that runs the action against a host which answers as scripted."""
    packed, key = tmp_path / "python.tgz", tmp_path / "key"
    pinned = archive_of(packed)
    key.touch()
    monkeypatch.setattr(bootstrap_host._ssh_key, "public_half", lambda file, *, may_ask: KEY)

    def run(answers, *, check=False, checksum=None, members=()):
        checksum = checksum or (archive_of(packed, *members) if members else pinned)
        said = []
        remaining = list(answers)

        def execute(script, sudoable):
            said.append(("root" if sudoable else "user", script))
            rc, out, err = remaining.pop(0)
            return {"rc": rc, "stdout": out.replace(CHECKSUM, checksum), "stderr": err}

        task = SimpleNamespace(
            args={"private_key_file": str(key), "interpreter": INTERPRETER, "archive": str(packed)}
            | {"checksum": f"sha256:{checksum}"},
            check_mode=check,
            async_val=0,
        )
        connection = SimpleNamespace(put_file=lambda source, target: sent.append((source, target)))
        action = bootstrap_host.ActionModule.__new__(bootstrap_host.ActionModule)
        action._task, action._connection = task, connection
        monkeypatch.setattr(bootstrap_host.ActionBase, "run", lambda *a, **k: {})
        monkeypatch.setattr(action, "_low_level_execute_command", execute, raising=False)
        result = action.run(task_vars={})
        assert not remaining, "the host expected more commands"
        return result, said, sent

    sent = []
    run.packed, run.pinned, run.sent, run.key = packed, pinned, sent, key
    return run


OK = (0, "", "")


def test_brings_everything_in_order_and_reads_back(host):
    answers = [(0, BARE_MAC, ""), OK, OK, (0, "/tmp/hybrid-ai-python.x\n", ""), OK, (0, MANAGED_MAC, "")]
    result, said, sent = host(answers)
    assert result["changed"]
    assert result["brought"] == ["cluster key", "passwordless sudo", "Python"]
    assert [who for who, _ in said] == ["user", "user", "root", "user", "root", "user"]
    assert sent == [(str(host.packed), "/tmp/hybrid-ai-python.x")]
    assert f"= {host.pinned} ]" in said[4][1]


def test_changes_nothing_on_a_managed_host(host):
    result, said, _ = host([(0, MANAGED_MAC, "")])
    assert not result["changed"]
    assert len(said) == 1


def test_check_mode_only_probes(host):
    result, said, _ = host([(0, BARE_MAC, "")], check=True)
    assert result["changed"]
    assert len(said) == 1


@pytest.mark.parametrize(
    ("probe", "wanted"),
    [
        pytest.param(BARE_MAC, True, id="bare Mac"),
        pytest.param(MANAGED_MAC.replace("python=works\n", ""), True, id="Mac whose Python is broken"),
        pytest.param(MANAGED_MAC.replace("key=present\n", ""), False, id="Mac that has it"),
        pytest.param(MANAGED_LINUX.replace("python=works\n", ""), False, id="Linux"),
    ],
)
def test_who_has_to_be_sent_the_archive(host, probe, wanted):
    result, _, _ = host([(0, probe, "")], check=True)
    assert result["wants_archive"] is wanted


def test_check_mode_needs_no_key_that_was_not_made(host, monkeypatch):
    host.key.unlink()
    monkeypatch.setattr(bootstrap_host._ssh_key, "public_half", pytest.fail)
    result, _, _ = host([(0, BARE_MAC, "")], check=True)
    assert result["brought"][0] == "cluster key"


def test_a_key_that_cannot_be_used_is_one_sentence(host, monkeypatch):
    def refuse(file, *, may_ask):
        raise bootstrap_host._ssh_key.KeyFileError("is not a private key of OpenSSH; write the path of one.")

    monkeypatch.setattr(bootstrap_host._ssh_key, "public_half", refuse)
    with pytest.raises(
        AnsibleActionFail, match=rf"{host.key} is not a private key of OpenSSH; write the path of one\."
    ):
        host([])


@pytest.mark.parametrize(
    ("lines", "present"),
    [
        pytest.param(["ssh-ed25519 AAAAkey cluster"], True, id="as it is"),
        pytest.param(["ssh-rsa AAAAother x", "ssh-ed25519 AAAAkey me@desk"], True, id="with a comment of its own"),
        pytest.param(['from="192.168.1.0/24" ssh-ed25519 AAAAkey'], True, id="with options"),
        pytest.param(["# ssh-ed25519 AAAAkey cluster"], False, id="commented out"),
        pytest.param(["ssh-ed25519 AAAAother cluster"], False, id="another key"),
        pytest.param(None, False, id="no file"),
    ],
)
def test_a_key_that_already_opens_the_host_is_seen(tmp_path, lines, present):
    """The probe is run by a real shell."""
    if lines is not None:
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh/authorized_keys").write_text("\n".join([*lines, ""]))
    script = bootstrap_host.PROBE.format(
        key=shlex.quote(bootstrap_host._ssh_key.bare(KEY)), marker="/nowhere", interpreter="/nowhere"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert bootstrap_host.HostState.parse(done.stdout).key is present


def test_a_failing_command_is_one_sentence(host):
    with pytest.raises(AnsibleActionFail, match=r"sudoers.d/hybrid-ai could not be written: no space left"):
        host([(0, BARE_MAC, ""), OK, (1, "", "cp: x\nno space left\n")])


def test_what_does_not_show_is_a_failure(host):
    refused = (0, MANAGED_LINUX.replace("sudo=passwordless\n", ""), "")
    with pytest.raises(AnsibleActionFail, match="passwordless sudo did not show after the change"):
        host([refused, OK, refused])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({"checksum": "0" * 64}, "is pinned; remove it and run again", id="another file"),
        pytest.param(
            {"members": [("python/lib/out", tarfile.SYMTYPE, "../../..")]}, "outside its own directory", id="link"
        ),
        pytest.param(
            {"members": [("python/x", tarfile.LNKTYPE, "../../etc/passwd")]},
            "outside its own directory",
            id="hard link",
        ),
        pytest.param({"members": [("python/x", tarfile.CHRTYPE, "")]}, "which is a device", id="device"),
        pytest.param({"members": [("/etc/x", tarfile.REGTYPE, "")]}, "outside its own directory", id="absolute name"),
        pytest.param({"members": [("python/../../x", tarfile.REGTYPE, "")]}, "outside its own directory", id="above"),
    ],
)
def test_an_archive_that_is_not_what_was_expected_is_not_sent(host, options, sentence):
    with pytest.raises(AnsibleActionFail, match=sentence):
        host([(0, BARE_MAC, ""), OK, OK, (0, "/tmp/x\n", ""), OK, (0, MANAGED_MAC, "")], **options)
    assert host.sent == []


def test_an_address_pins_nothing(host):
    with pytest.raises(AnsibleActionFail, match="write sha256: and the 64 hexadecimal digits of the file"):
        host([], checksum="https://example.org/SHA256SUMS")
