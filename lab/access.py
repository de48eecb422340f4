# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How a person and Ansible reach the hosts: a password, a configuration for ssh, and commands run inside."""

from __future__ import annotations

import ctypes
import os
import secrets
import string
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cgroups, names, process
from lab.errors import NotUpError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.topology import Host, Topology

_SALT = string.ascii_letters + string.digits
_crypt_lock = threading.Lock()  # crypt(3) returns a buffer that all threads share
_PATHS = {
    "macos": {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/var/root"},
    "linux": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
}


def password(lab: str) -> str:
    """Return the password of the user admin on bare hosts, made when it is first asked for."""
    path = names.runtime(lab) / "password"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(15) + "\n")
    return path.read_text(encoding="ascii").strip()


def password_hash(text: str) -> str:
    """Return the hash that /etc/shadow holds; the password is on no command line on the way."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    salt = "".join(secrets.choice(_SALT) for _ in range(16))
    with _crypt_lock:
        result: bytes = library.crypt(text.encode(), f"$6$rounds=1000${salt}".encode())
    return result.decode()


def shadow_with(shadow: str, user: str, hashed: str) -> str:
    """Return the text of /etc/shadow with a user's hash replaced or added."""
    lines, found = [], False
    for line in shadow.splitlines():
        fields = line.split(":")
        if fields[0] == user:
            fields[1], found = hashed, True
        lines.append(":".join(fields))
    if not found:
        lines.append(f"{user}:{hashed}:19000:0:99999:7:::")
    return "\n".join(lines) + "\n"


def write_files(lab: str, topology: Topology) -> None:
    """Write ssh's configuration, the directory for the cluster's key, and what answers ssh's password question."""
    directory = names.runtime(lab)
    (directory / "ssh").mkdir(mode=0o700, exist_ok=True)
    (directory / "ssh_config").write_text(ssh_config(lab, topology), encoding="utf-8")
    askpass = directory / "askpass"
    askpass.write_text(f"#!/bin/sh\nexec cat '{directory}/password'\n", encoding="utf-8")
    askpass.chmod(0o700)


def ssh_config(lab: str, topology: Topology) -> str:
    """Return the configuration; Ansible connects by address and people by name, so both are named."""
    directory = names.runtime(lab)
    connect = f"{sys.executable} -IS {Path(__file__).with_name('connect.py')} {names.fabric_namespace(lab)} %h %p"
    hosts = "".join(f"Host {host.name} {host.address}\n    HostName {host.address}\n\n" for host in topology.hosts)
    everyone = " ".join(f"{host.name} {host.address}" for host in topology.hosts)
    return hosts + (
        f"Host {everyone}\n"
        f"    User {names.ADMIN}\n"
        f"    ProxyCommand {connect}\n"
        "    ProxyUseFdpass yes\n"
        f"    IdentityFile {directory}/ssh/id_ed25519\n"
        "    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {directory}/ssh/known_hosts\n"
        "    GlobalKnownHostsFile /dev/null\n"
        "    StrictHostKeyChecking yes\n"
        "    CheckHostIP no\n"
    )


def ssh(lab: str, host: Host, command: Sequence[str]) -> int:
    """Log in to a host: with the cluster's key once bootstrap made one, before that with the password."""
    directory = names.runtime(lab)
    argv = ["ssh", "-F", str(directory / "ssh_config")]
    environment = dict(os.environ)
    if not _is_known(lab, host):
        argv += ["-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        environment |= {"SSH_ASKPASS": str(directory / "askpass"), "SSH_ASKPASS_REQUIRE": "force"}
    return subprocess.call([*argv, host.name, *(["--", *command] if command else [])], env=environment)


def _is_known(lab: str, host: Host) -> bool:
    directory = names.runtime(lab) / "ssh"
    known = directory / "known_hosts"
    if not (directory / "id_ed25519").exists() or not known.exists():
        return False
    return process.run("ssh-keygen", "-F", host.address, "-f", str(known), check=False).returncode == 0


def forget(lab: str, hosts: Sequence[Host]) -> None:
    """Remove hosts from the known hosts, one after the other: a reset one comes with a new key."""
    known = names.runtime(lab) / "ssh" / "known_hosts"
    for name in (name for host in hosts for name in (host.name, host.address)):
        if known.exists():
            process.run("ssh-keygen", "-R", name, "-f", str(known), check=False)


def execute(lab: str, host: Host, command: Sequence[str]) -> int:
    """Run a command as root inside a host; it needs no sshd."""
    leader = cgroups.leader(lab, host.name)
    if leader is None:
        raise NotUpError(f"The host {host.name} is off; switch it on with `lab power press {host.name}`.")
    argv = ["nsenter", f"--target={leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--wd", "--"]
    groups = cgroups.create(lab, host.name, "exec")
    environment = {**_PATHS[host.kind], "USER": "root", "LOGNAME": "root", "TERM": os.environ.get("TERM", "dumb")}
    shell = ["/bin/sh" if host.kind == "macos" else "/bin/bash"]
    return subprocess.call(cgroups.wrap(groups, [*argv, *(command or shell)]), env=environment)
