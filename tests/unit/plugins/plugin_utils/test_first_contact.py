# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ssh and sudo say, as they say it (OpenSSH 9.2, sudo 1.9), and what a person is told to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._first_contact import (
    Refusal,
    Seen,
    Target,
    obstacles,
    unreachable,
    wrong_machine,
)

VIA = "Task failed: Failed to connect to the host via ssh: "
UNKNOWN = (
    f"{VIA}No ED25519 host key is known for 192.168.1.11 and you have requested strict checking.\n"
    "Host key verification failed."
)
CHANGED = f"""{VIA}@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Add correct host key in /home/me/inventories/home/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/me/inventories/home/.ssh/known_hosts:1
Host key for 192.168.1.11 has changed and you have requested strict checking.
Host key verification failed."""
WITH_A_PASSWORD = (
    "Using a SSH password instead of a key is not possible because Host Key checking is enabled. Please add this "
    "host's "
    "fingerprint to your known_hosts file to manage this host."
)
DENIED = f"{VIA}admin@192.168.1.11: Permission denied (publickey,password)."
OPEN_KEY = (
    f"{VIA}Permissions 0644 for 'key' are too open.\nLoad key \"key\": bad permissions\nPermission denied (publickey)."
)
TOO_MANY = (
    f"{VIA}Received disconnect from 192.168.1.11 port 22:2: Too many authentication failures\n"
    "Disconnected from 192.168.1.11 port 22"
)

SITE = Target("192.168.1.11", "admin")
MAC = replace(SITE, is_mac=True)
FIRST = replace(SITE, bootstrapping=True)
ASKED = replace(FIRST, has_password=True)


def port(reason: str) -> str:
    return f"{VIA}ssh: connect to host 192.168.1.11 port 22: {reason}"


@pytest.mark.parametrize(
    ("said", "target", "advice"),
    [
        pytest.param(UNKNOWN, SITE, "run that first, with -k -K.", id="site-before-bootstrap"),
        pytest.param(UNKNOWN, FIRST, "StrictHostKeyChecking=yes in ansible_ssh_extra_args", id="pinned-by-hand"),
        pytest.param(
            CHANGED,
            SITE,
            (
                "run `ssh-keygen -R 192.168.1.11 -f /home/me/inventories/home/.ssh/known_hosts` and "
                "playbooks/bootstrap.yml"
            ),
            id="set-up-anew",
        ),
        pytest.param(WITH_A_PASSWORD, ASKED, "run `ssh-keygen -R 192.168.1.11`", id="set-up-anew-with-a-password"),
        pytest.param(DENIED, SITE, "it does not let admin in with the key; run playbooks/bootstrap.yml", id="no-key"),
        pytest.param(DENIED, FIRST, "run this with -k, which asks for the password.", id="no-password"),
        pytest.param(DENIED, ASKED, "the password given with -k is wrong for admin", id="wrong-password"),
        pytest.param(
            DENIED, replace(ASKED, is_mac=True), "whether Remote Login is on for this user", id="not-for-this-user"
        ),
        pytest.param(DENIED, Target("192.168.1.11"), "let you in with", id="nobody-named"),
        pytest.param(OPEN_KEY, SITE, "others can read the file; run `chmod 600` on it.", id="key-that-others-read"),
        pytest.param(TOO_MANY, SITE, "add `-o IdentitiesOnly=yes` to ansible_ssh_common_args", id="too-many-keys"),
        pytest.param(port("Connection refused"), MAC, "switch Remote Login on at its screen", id="no-remote-login"),
        pytest.param(port("Connection refused"), SITE, "install openssh-server there", id="no-sshd"),
        pytest.param(port("Connection timed out"), SITE, "192.168.1.11 does not answer; see that it is on", id="off"),
        pytest.param(port("Operation timed out"), SITE, "192.168.1.11 does not answer", id="off-seen-from-a-mac"),
        pytest.param(port("No route to host"), SITE, "192.168.1.11 does not answer", id="not-cabled"),
        pytest.param(f"{VIA}Connection closed by UNKNOWN port 65535", SITE, "does not answer", id="over-another-host"),
        pytest.param(
            "mm_receive_fd: recvmsg: expected received 1 got 0\nproxy dialer did not pass back a connection",
            SITE,
            "does not answer",
            id="over-a-program",
        ),
        pytest.param(port("Host is down"), SITE, "192.168.1.11 does not answer", id="down-seen-from-a-mac"),
        pytest.param(
            f"{VIA}ssh: Could not resolve hostname mini1: Name or service not known",
            replace(SITE, address="mini1"),
            "no name server knows mini1; write its address as ansible_host.",
            id="nameless",
        ),
        pytest.param(
            f"{VIA}kex_exchange_identification: Connection closed by remote host",
            MAC,
            "look at whom Remote Login allows access for.",
            id="closed",
        ),
        pytest.param(f"{VIA}Connection closed by 192.168.1.11 port 22", SITE, "look at AllowUsers", id="closed-linux"),
        pytest.param(f"{VIA}something\nnobody knows.\n", SITE, "nobody knows.", id="unknown"),
        pytest.param("", SITE, "it said nothing.", id="nothing"),
    ],
)
def test_an_unreachable_host(said: str, target: Target, advice: str) -> None:
    found = unreachable(said, target)
    assert advice in found
    assert found.endswith(".")
    assert "\n" not in found


LINUX = "kernel=Linux\nuser=admin\nuid=1000\ngroups=admin users\n"
PLAIN = LINUX.replace("groups=admin users", "groups=users")
MINI = "Last login: today\nkernel=Darwin\nuser=admin\nuid=501\ngroups=staff admin _developer\nhomebrew=present\n"
GUEST = MINI.replace("staff admin", "staff")
OWN_GROUP = LINUX.replace("groups=admin users", "groups=admin users plugdev")
SUDOER = LINUX.replace("groups=admin users", "groups=admin sudo users")
# What Ansible makes of it without -K, and what sudo 1.9.13 says of a user without rights as of one that has some.
NEEDED = "sudo: a password is required\r\n\nShared connection to 192.168.1.11 closed.\r\n"
MISSING = "Missing sudo password"
BECOME = "log in as root and run `usermod -aG sudo admin`, or name another ansible_user."
NO_RIGHTS = f"admin may not use sudo; {BECOME}"
SOME_RIGHTS = f"admin may run only some commands with sudo; {BECOME}"
ASKS = "sudo asks admin for a password; run playbooks/bootstrap.yml with -K once, after which it asks no more."
ASKS_FIRST = "sudo asks admin for a password; run this with -K, which asks you for it."
PERHAPS = (
    "sudo asks admin, who is in no group of administrators, for a password; if a rule of sudo allows admin everything, "
    "{}; if none does, "
)
MAYBE = PERHAPS.format("run playbooks/bootstrap.yml with -K once, after which it asks no more")
MAYBE_FIRST = PERHAPS.format("run this with -K, which asks you for it")
AT_THE_MAC = (
    "make that user an administrator at the screen of the Mac, in System Settings under Users & Groups, or name "
    "another ansible_user."
)
# With the right password, over a terminal.
NOT_LISTED = "\r\nadmin is not in the sudoers file.\r\n\nShared connection to 192.168.1.11 closed.\r\n"
NOT_THIS = (
    "\r\nSorry, user admin is not allowed to execute '/bin/sh -c echo' as root on gpu1.\r\n\nConnection to gpu1 closed."
)
LISTED = """Matching Defaults entries for admin on gpu1:
    env_reset, mail_badpass,
    secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,
    use_pty

User admin may run the following commands on gpu1:
"""


def listed(*rules: str) -> Refusal:
    """Return how sudo refuses who has a rule without a password among others."""
    return Refusal(MISSING, LISTED + "".join(f"    {rule}\n" for rule in rules))


@pytest.mark.parametrize(
    ("seen", "target", "root", "sentences"),
    [
        pytest.param(LINUX, SITE, None, [], id="fine"),
        pytest.param(MINI, MAC, None, [], id="fine-mac"),
        pytest.param(
            LINUX,
            MAC,
            Refusal("x"),
            ["192.168.1.11 is not a Mac; correct ansible_host, or move it to the group linux."],
        ),
        pytest.param(MINI, SITE, None, ["192.168.1.11 is a Mac; correct ansible_host, or move it to the group macos."]),
        pytest.param(SUDOER, SITE, Refusal(MISSING), [ASKS], id="site-before-bootstrap"),
        pytest.param(
            MINI, replace(MAC, bootstrapping=True), Refusal(MISSING), [ASKS_FIRST], id="bootstrap-of-a-mac-without-K"
        ),
        pytest.param(
            MINI,
            replace(MAC, bootstrapping=True),
            Refusal("Incorrect sudo password"),
            ["the password given with -K is wrong for admin; repeat the run with the right one."],
            id="wrong-K",
        ),
        pytest.param(SUDOER, SITE, Refusal(NEEDED), [ASKS], id="asked-over-a-terminal"),
        # A user of that name is in a group of that name, which Debian's sudo does not mean.
        pytest.param(OWN_GROUP, SITE, Refusal(MISSING), [MAYBE + BECOME], id="group-of-ones-own"),
        pytest.param(PLAIN, SITE, Refusal(MISSING), [MAYBE + BECOME], id="no-group"),
        pytest.param(PLAIN, FIRST, Refusal(MISSING), [MAYBE_FIRST + BECOME], id="no-group-at-first"),
        pytest.param(GUEST, MAC, Refusal(MISSING), [MAYBE + AT_THE_MAC], id="no-administrator-of-a-mac"),
        pytest.param(PLAIN, SITE, listed("(root) NOPASSWD: /bin/ls", "(ALL : ALL) ALL"), [ASKS], id="a-rule-for-all"),
        pytest.param(PLAIN, SITE, listed("(root) NOPASSWD: /bin/ls, PASSWD: ALL"), [ASKS], id="a-rule-in-one-line"),
        pytest.param(PLAIN, SITE, listed("(root) NOPASSWD: /usr/bin/apt"), [SOME_RIGHTS], id="a-rule-for-some"),
        pytest.param(PLAIN, SITE, listed("(_www) NOPASSWD: ALL"), [SOME_RIGHTS], id="a-rule-for-another-user"),
        pytest.param(SUDOER, SITE, Refusal(MISSING, NEEDED), [ASKS], id="nothing-listed"),
        pytest.param(PLAIN, FIRST, Refusal(NOT_LISTED), [NO_RIGHTS], id="none-with-a-password"),
        pytest.param(SUDOER, FIRST, Refusal(NOT_LISTED), [NO_RIGHTS], id="a-group-that-sudo-does-not-mean"),
        pytest.param(PLAIN, FIRST, Refusal(NOT_THIS), [SOME_RIGHTS], id="some-with-a-password"),
        # Which Ansible takes for the mark of success, that the command has.
        pytest.param(
            PLAIN, FIRST, Refusal("\r\n\nShared connection to gpu1 closed.\r\n"), [SOME_RIGHTS], id="swallowed"
        ),
        pytest.param(
            PLAIN, FIRST, Refusal("Sorry, user admin may not run sudo on gpu1."), [NO_RIGHTS], id="none-on-this-host"
        ),
        pytest.param(GUEST, MAC, Refusal(NOT_LISTED), [f"admin may not use sudo; {AT_THE_MAC}"], id="guest-of-a-mac"),
        pytest.param(
            PLAIN,
            FIRST,
            Refusal("admin ist nicht in der sudoers-Datei.\r\n\nShared connection to 192.168.1.11 closed.\r\n"),
            ["admin gets no rights of root: admin ist nicht in der sudoers-Datei."],
            id="in-another-language",
        ),
        *(
            pytest.param(
                PLAIN,
                SITE,
                Refusal(said),
                ["it has no sudo; log in to it as root and run `apt-get install sudo` and `usermod -aG sudo admin`."],
                id=f"no-sudo-{number}",
            )
            for number, said in enumerate(["/bin/sh: 1: sudo: not found", "zsh:1: command not found: sudo"])
        ),
        pytest.param(
            LINUX,
            SITE,
            Refusal("Timeout (32s) waiting for privilege escalation prompt: "),
            ["admin gets no rights of root: Timeout (32s) waiting for privilege escalation prompt."],
            id="unknown",
        ),
    ],
)
def test_what_keeps_a_run_from_changing_a_host(
    seen: str, target: Target, root: Refusal | None, sentences: list[str]
) -> None:
    assert list(obstacles(Seen.parse(seen), target, root, [])) == sentences


def test_root_needs_no_sudo() -> None:
    assert Seen.parse("kernel=Linux\nuser=root\nuid=0\ngroups=root\n").is_root
    assert not Seen.parse(LINUX).is_root


@pytest.mark.parametrize(
    ("seen", "programs", "missing"),
    [
        pytest.param(MINI, ["Squid", "HAProxy"], None, id="there"),
        pytest.param(MINI.replace("homebrew=present\n", ""), [], None, id="not-needed"),
        pytest.param(MINI.replace("homebrew=present\n", ""), ["HAProxy"], "from which HAProxy come", id="one"),
        pytest.param(
            MINI.replace("homebrew=present\n", ""),
            ["Squid", "HAProxy"],
            "it has no Homebrew, from which Squid and HAProxy come on a Mac that manages the others; log in to "
            "it as admin "
            "and run the command that https://brew.sh shows, or name a Linux machine in the group management.",
            id="both",
        ),
    ],
)
def test_homebrew(seen: str, programs: list[str], missing: str | None) -> None:
    found = list(obstacles(Seen.parse(seen), MAC, None, programs))
    assert found == [] if missing is None else missing in found[0]


def test_a_host_has_several_obstacles_at_once() -> None:
    guest = GUEST.replace("homebrew=present\n", "")
    assert len(list(obstacles(Seen.parse(guest), MAC, Refusal(NEEDED), ["Squid"]))) == 2


@pytest.mark.parametrize(
    ("machine", "backends", "sentences"),
    [
        pytest.param("x86_64", ["llama_cpp"], [], id="x86_64"),
        pytest.param("aarch64", ["llama_cpp"], [], id="arm64-on-linux"),
        pytest.param("arm64", ["exo"], [], id="arm64-on-a-mac"),
        pytest.param("", ["exo"], [], id="unknown"),
        pytest.param("riscv64", [], [], id="serves-nothing"),
        pytest.param(
            "i686",
            ["llama_cpp"],
            [
                (
                    "its processor is i686, and llama_cpp runs on x86_64 and arm64 alone; take the host out of the "
                    "group llama_cpp."
                )
            ],
            id="one",
        ),
        pytest.param(
            "riscv64",
            ["exo", "llama_cpp"],
            [
                (
                    "its processor is riscv64, and exo and llama_cpp run on x86_64 and arm64 alone; take the host out "
                    "of the groups exo and llama_cpp."
                )
            ],
            id="two",
        ),
    ],
)
def test_a_processor_that_no_backend_has_programs_for(machine: str, backends: list[str], sentences: list[str]) -> None:
    assert list(wrong_machine(Seen.parse(f"{LINUX}machine={machine}\n"), backends)) == sentences


@pytest.mark.parametrize("methods", ["password", "keyboard-interactive", "password,keyboard-interactive"])
def test_a_mac_that_waits_for_its_filevault_password(methods: str) -> None:
    said = f"{VIA}admin@192.168.1.11: Permission denied ({methods})."
    sentence = unreachable(said, MAC)
    assert "it is locked and waits for the FileVault password: run playbooks/unlock.yml, or `ssh admin@" in sentence
    assert "it does not let admin in with the key" in sentence
    assert "FileVault" not in unreachable(said, SITE)


@pytest.mark.parametrize("methods", ["publickey,password,keyboard-interactive", "password"])
def test_a_mac_that_says_that_it_is_locked(methods: str) -> None:
    banner = "This system is locked. To unlock it, use a local\naccount name and password. Once successfully\n"
    said = f"{VIA}{banner}unlocked, you will be able to connect normally.\nadmin@h: Permission denied ({methods})."
    assert unreachable(said, MAC).startswith("it is locked and waits for the FileVault password; run playbooks/unlock.")


def test_a_mac_with_another_key_may_wait_with_it() -> None:
    assert unreachable(CHANGED, MAC).startswith("if it waits for its FileVault password")
    assert "FileVault" not in unreachable(CHANGED, SITE)


def test_a_mac_that_takes_keys_is_not_locked() -> None:
    assert "FileVault" not in unreachable(DENIED, MAC)
