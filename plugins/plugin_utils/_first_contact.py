# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a person does next where a host cannot be reached, or lets a run do nothing: one sentence for each cause.

The words of ssh and sudo are those of OpenSSH and sudo in English; whatever is not known is repeated as it was said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BOOTSTRAP = "playbooks/bootstrap.yml"


@dataclass(frozen=True)
class Target:
    """A host as the inventory describes it, and what this run tries with it."""

    address: str = ""
    user: str = ""
    is_mac: bool = False
    bootstrapping: bool = False
    """Whether this run is the first one, which may come with passwords."""
    has_password: bool = False
    """Whether the run was given a password to log in with."""

    @property
    def who(self) -> str:
        """The user who logs in."""
        return self.user or "you"


def unreachable(said: str, target: Target) -> str:
    """Say why a host cannot be reached, from what ssh said, and what to do."""
    for pattern, advice in _UNREACHABLE:
        if re.search(pattern, said, re.IGNORECASE):
            return advice(said, target)
    return f"{_last_line(said)}."


def _other_host_key(said: str, target: Target) -> str:
    found = re.search(r"Offending \S+ key in (\S+):\d+", said)
    file = f" -f {found.group(1)}" if found else ""
    waits = (
        "if it waits for its FileVault password, which a Mac may do with a key of its own, run playbooks/unlock.yml; "
        if target.is_mac
        else ""
    )
    return (
        f"{waits}it answers with another host key than the one that is known; if it was set up anew, run "
        f"`ssh-keygen -R {target.address}{file}` and {BOOTSTRAP}, and if not, find out who answers in its place."
    )


def _unknown_host_key(_said: str, target: Target) -> str:
    if target.bootstrapping:
        return (
            "its host key could not be pinned; write no StrictHostKeyChecking=yes in ansible_ssh_extra_args, or "
            f"add the key with `ssh-keyscan {target.address}`."
        )
    return f"its host key is not known here, because {BOOTSTRAP} has not run for it; run that first, with -k -K."


def _open_key(_said: str, _target: Target) -> str:
    return "ssh refuses the private key, because others can read the file; run `chmod 600` on it."


def _too_many_keys(_said: str, _target: Target) -> str:
    return (
        "ssh offered more keys than it takes; add `-o IdentitiesOnly=yes` to ansible_ssh_common_args, so that only the "
        "cluster's is offered."
    )


def _denied(_said: str, target: Target) -> str:
    if not target.bootstrapping:
        return (
            f"it does not let {target.who} in with the key; run {BOOTSTRAP} for it, with -k -K, which authorizes "
            "the key, and look at ansible_user."
        )
    if not target.has_password:
        return f"it lets {target.who} in with no key; run this with -k, which asks for the password."
    switch = ", and whether Remote Login is on for this user" if target.is_mac else ", and its PasswordAuthentication"
    return f"the password given with -k is wrong for {target.who}; look at ansible_user and the password{switch}."


def _waits(_said: str, _target: Target) -> str:
    """Name what a Mac says of itself before its disk is unlocked, from macOS 26 on."""
    return (
        "it is locked and waits for the FileVault password; run playbooks/unlock.yml, or unlock it at its screen, and "
        "then it starts."
    )


def _locked(said: str, target: Target) -> str:
    """Name what a Mac with FileVault does from macOS 26 on: before its disk is unlocked, ssh takes a password alone."""
    if not target.is_mac:
        return _denied(said, target)
    return (
        "it takes passwords only; if FileVault is on there and it has restarted, it is locked and waits for the "
        f"FileVault password: run playbooks/unlock.yml, or `ssh {target.who}@{target.address}` with it, which ends the "
        "connection, and then the Mac starts. "
        f"If not, {_denied(said, target)}"
    )


def _refused(_said: str, target: Target) -> str:
    if target.is_mac:
        return (
            f"{target.address} lets nobody log in; switch Remote Login on at its screen, in System Settings under "
            "General, Sharing."
        )
    return f"{target.address} has nobody at the port of ssh; install openssh-server there, or correct ansible_port."


def _silent(_said: str, target: Target) -> str:
    return f"{target.address} does not answer; see that it is on, awake and cabled, and that ansible_host is right."


def _nameless(_said: str, target: Target) -> str:
    return f"no name server knows {target.address}; write its address as ansible_host."


def _closed(_said: str, target: Target) -> str:
    whom = "whom Remote Login allows access for" if target.is_mac else "AllowUsers in its sshd_config"
    return f"{target.address} ends the connection before the login; look at {whom}."


def _no_sshpass(_said: str, _target: Target) -> str:
    return "this machine has no sshpass; take password_mechanism=sshpass out of the configuration of Ansible."


_UNREACHABLE = (
    (r"This system is locked", _waits),
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host Key checking is enabled", _other_host_key),
    (r"Host key verification failed|host key is known", _unknown_host_key),
    (r"UNPROTECTED PRIVATE KEY FILE|bad permissions", _open_key),
    (r"Too many authentication failures", _too_many_keys),
    (r"Permission denied \((password|keyboard-interactive|password,keyboard-interactive)\)", _locked),
    (r"Permission denied|incorrect (username/)?password", _denied),
    (r"Connection refused", _refused),
    (r"timed out|No route to host|Host is down|Network is unreachable", _silent),
    # What is left of the words of a host in between, with ProxyJump, or of a program, with ProxyUseFdpass.
    (r"UNKNOWN port 65535|proxy dialer did not pass back a connection", _silent),
    (r"Could not resolve hostname", _nameless),
    (r"Connection closed|Connection reset|kex_exchange_identification", _closed),
    (r"install the sshpass program", _no_sshpass),
)
"""What ssh, or Ansible about ssh, says, the more telling before what follows from it."""


LOOK = """
echo kernel="$(uname -s)"
echo user="$(id -un)"
echo uid="$(id -u)"
echo groups="$(id -Gn)"
echo machine="$(uname -m)"
if [ -x /opt/homebrew/bin/brew ]; then echo homebrew=present; fi
"""
"""What a host is asked before anything else: it may have no Python yet."""

AS_ROOT = '[ "$(id -u)" = 0 ] || { echo "the way there leads to the user $(id -un)" >&2; exit 1; }'
"""What it is then asked as root."""

LIST_RIGHTS = "LC_ALL=C sudo -n -l"
"""What it is asked where it refused that: sudo answers without a password only who has a rule that asks for none."""
_MACHINES = {"x86_64", "amd64", "arm64", "aarch64"}
"""What backends have programs for, as systems call it."""

_ADMINISTRATORS = {"Darwin": {"admin"}, "Linux": {"admin", "sudo", "wheel"}}
"""The groups that sudo lets do everything, on Linux by the rules of Ubuntu, Debian and Red Hat."""


@dataclass(frozen=True)
class Refusal:
    """How sudo refused the rights of root."""

    said: str
    listed: str = ""
    """What LIST_RIGHTS printed; where that asks for a password too, it is unknown which rights the user has."""

    @property
    def asks(self) -> bool:
        """Whether sudo wants a password, which it says to users without any rights as well."""
        return bool(re.search(r"missing|password is required", self.said, re.IGNORECASE))

    @property
    def allows_nothing(self) -> bool:
        """Whether the user is known to have no rights."""
        return bool(re.search(r"not in the sudoers|may not run sudo", self.said))

    @property
    def allows_everything(self) -> bool | None:
        """Whether a password would give all rights of root; None where that is not known."""
        # "User admin is not allowed to execute" quotes a command that has the mark of success in it, for which Ansible
        # takes the line: then nothing is left.
        if self.allows_nothing or "not allowed to" in self.said or not _lines(self.said):
            return False
        _, known, rules = self.listed.partition("may run the following commands")
        if not known:
            return None
        return bool(re.search(r"^\s+\((?:ALL|root)\b[^)]*\).*(?<![!/\w])ALL\b", rules, re.MULTILINE))


@dataclass(frozen=True)
class Seen:
    """What a look at a host found, without rights of root."""

    kernel: str = ""
    user: str = ""
    is_root: bool = False
    groups: frozenset[str] = frozenset()
    has_homebrew: bool = False
    machine: str = ""
    """Its architecture, as uname calls it."""

    @classmethod
    def parse(cls, text: str) -> Seen:
        """Read the ``name=value`` lines; a login banner between them does no harm."""
        values = dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)
        return cls(
            kernel=values.get("kernel", ""),
            user=values.get("user", ""),
            is_root=values.get("uid") == "0",
            groups=frozenset(values.get("groups", "").split()),
            has_homebrew=values.get("homebrew") == "present",
            machine=values.get("machine", ""),
        )

    @property
    def is_mac(self) -> bool:
        """Whether a Mac answered."""
        return self.kernel == "Darwin"

    @property
    def is_administrator(self) -> bool:
        """Whether a group of the user's is one that sudo lets do everything.

        On Linux a user admin has a group of that name, which few sudoers files mean.
        """
        own = set() if self.is_mac else {self.user}
        return bool(_ADMINISTRATORS.get(self.kernel, set()) & (self.groups - own))


def no_root(refusal: Refusal, seen: Seen, target: Target) -> str:
    """Say why the user gets no rights of root, and what to do."""
    user = seen.user
    if re.search(r"not found|No such file", refusal.said):
        return f"it has no sudo; log in to it as root and run `apt-get install sudo` and `usermod -aG sudo {user}`."
    if re.search(r"incorrect|try again", refusal.said, re.IGNORECASE):
        return f"the password given with -K is wrong for {user}; repeat the run with the right one."
    allowed = refusal.allows_everything
    if allowed is False:
        may = "may not use sudo" if refusal.allows_nothing else "may run only some commands with sudo"
        return f"{user} {may}; {_make_administrator(seen)}"
    if not refusal.asks:
        return f"{user} gets no rights of root: {_last_line(refusal.said)}."
    with_password = (
        "run this with -K, which asks you for it"
        if target.bootstrapping
        else f"run {BOOTSTRAP} with -K once, after which it asks no more"
    )
    if allowed or seen.is_administrator:
        return f"sudo asks {user} for a password; {with_password}."
    return (
        f"sudo asks {user}, who is in no group of administrators, for a password; if a rule of sudo allows {user} "
        f"everything, {with_password}; if none does, {_make_administrator(seen)}"
    )


def _make_administrator(seen: Seen) -> str:
    if seen.is_mac:
        return (
            "make that user an administrator at the screen of the Mac, in System Settings under Users & Groups, "
            "or name another ansible_user."
        )
    return f"log in as root and run `usermod -aG sudo {seen.user}`, or name another ansible_user."


def obstacles(seen: Seen, target: Target, root: Refusal | None, homebrew_for: Iterable[str]) -> Iterator[str]:
    """Say what keeps a run from changing a host; `root` is how sudo refused where it did."""
    if seen.is_mac != target.is_mac:
        found, group = ("a Mac", "macos") if seen.is_mac else ("not a Mac", "linux")
        yield f"{target.address} is {found}; correct ansible_host, or move it to the group {group}."
        return
    if root is not None:
        yield no_root(root, seen, target)
    programs = list(homebrew_for)
    if programs and seen.is_mac and not seen.has_homebrew:
        yield (
            f"it has no Homebrew, from which {enumerate_names(programs)} come on a Mac that manages the others; "
            f"log in to it as {seen.user} and run the command that https://brew.sh shows, or name a Linux machine "
            "in the group management."
        )


_END_OF_SSH = re.compile(r"^(Shared c|C)onnection to \S+ closed\.$")
"""What ssh says at the end of every command that had a terminal, as those of sudo have."""


def _lines(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.strip() and not _END_OF_SSH.search(line)]


def wrong_machine(seen: Seen, backends: Iterable[str]) -> Iterator[str]:
    """Say that no backend runs on a host, which only the host itself can tell."""
    names = list(backends)
    if names and seen.machine and seen.machine not in _MACHINES:
        listed, one = enumerate_names(names), len(names) == 1
        yield (
            f"its processor is {seen.machine}, and {listed} {'runs' if one else 'run'} on x86_64 and arm64 alone; take"
            f" the host out of the {'group' if one else 'groups'} {listed}."
        )


def _last_line(said: str) -> str:
    lines = _lines(said)
    return lines[-1].rstrip(".: ") if lines else "it said nothing"
