# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Start the process of a job: identity, limits, files, environment."""

from __future__ import annotations

import grp
import os
import pwd
import resource
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .definition import Definition

PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
LIMITS = {
    "Core": resource.RLIMIT_CORE,
    "CPU": resource.RLIMIT_CPU,
    "Data": resource.RLIMIT_DATA,
    "FileSize": resource.RLIMIT_FSIZE,
    "MemoryLock": resource.RLIMIT_MEMLOCK,
    "NumberOfFiles": resource.RLIMIT_NOFILE,
    "NumberOfProcesses": resource.RLIMIT_NPROC,
    "ResidentSetSize": resource.RLIMIT_RSS,
    "Stack": resource.RLIMIT_STACK,
}
# `launchctl limit maxfiles` on a Mac nobody configured: 256 soft, unlimited hard.
DEFAULT_OPEN_FILES = 256


class SpawnError(Exception):
    """A job that could not be started: macOS says EX_CONFIG (78)."""


def start(definition: Definition, default_user: str | None = None) -> int:
    """Start the job's process and return its process number."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    process = os.fork()
    if process == 0:
        os.close(reader)
        _become(definition, default_user, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as failure:
        message = failure.read().decode(errors="replace")
    if message:
        os.waitpid(process, 0)
        raise SpawnError(message)
    return process


def environment_of(definition: Definition) -> dict[str, str]:
    """Say what a job finds in its environment: next to nothing."""
    return {"PATH": PATH, "XPC_SERVICE_NAME": definition.label, **definition.environment}


def _become(definition: Definition, default_user: str | None, failure: int) -> NoReturn:
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGPWR, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        _limit(definition)
        account = pwd.getpwnam(user) if (user := definition.user or default_user) else None
        group = grp.getgrnam(definition.group).gr_gid if definition.group else account.pw_gid if account else None
        os.umask(0o022 if definition.umask is None else definition.umask)
        _redirect(definition, account.pw_uid if account else -1, group if group is not None else -1)
        if definition.nice is not None:
            os.setpriority(os.PRIO_PROCESS, 0, definition.nice)
        if definition.root_directory:
            os.chroot(definition.root_directory)
        if group is not None:
            os.setgid(group)
        if account:
            os.initgroups(account.pw_name, group if group is not None else account.pw_gid)
            os.setuid(account.pw_uid)
        os.chdir(definition.directory or "/")
        os.execve(definition.program, list(definition.arguments), environment_of(definition))
    except BaseException as error:  # whatever it is, the parent must hear of it
        os.write(failure, f"{type(error).__name__}: {error}".encode()[:4096])
    os._exit(78)


def _limit(definition: Definition) -> None:
    hard_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DEFAULT_OPEN_FILES, hard_files), hard_files))
    for name, number in LIMITS.items():
        soft, hard = resource.getrlimit(number)
        hard = definition.hard_limits.get(name, hard)
        soft = definition.soft_limits.get(name, soft)
        if name in definition.hard_limits or name in definition.soft_limits:
            soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
            resource.setrlimit(number, (soft, hard))


def _redirect(definition: Definition, uid: int, gid: int) -> None:
    """Open the job's files. A log is made for the job's user, even where that user could not make it."""
    files = [
        (0, definition.standard_in, os.O_RDONLY),
        (1, definition.standard_out, os.O_WRONLY | os.O_APPEND),
        (2, definition.standard_error, os.O_WRONLY | os.O_APPEND),
    ]
    for target, path, flags in files:
        if not path:
            descriptor = os.open("/dev/null", flags)
        elif target and not os.path.lexists(path):
            descriptor = os.open(path, flags | os.O_CREAT, 0o666)
            os.fchown(descriptor, uid, gid)
        else:
            descriptor = os.open(path, flags)
        os.dup2(descriptor, target)
