# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service of launchd or systemd."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import _log
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

ALLOW = (
    "Allow it at the screen, in System Settings under General, Login Items & Extensions, Allow in the Background, where"
    " it may be called sh or python; then repeat site.yml."
)
PROPERTIES = "LoadState,ActiveState,MainPID,ActiveEnterTimestamp"


_KEPT_OUT = "its file is there, and launchd has not loaded it"
_SWITCHED_OFF = "switched off in launchd"


@dataclass(frozen=True)
class _Service:
    state: str
    pid: str | None = None
    since: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        """Write the state the way a person reads it."""
        words = [self.state]
        words += [f"pid {self.pid}"] if self.pid else []
        words += [f"since {self.since}"] if self.since else []
        words += [self.note] if self.note else []
        return ", ".join(words)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the state of a service of ours, or of any by `label` (launchd) or `unit` (systemd)."""
    name = arguments.text("name")
    label, unit = arguments.optional_text("label"), arguments.optional_text("unit")
    wanted = arguments.choice("expected", ("running", "stopped", "absent"), "running")
    if context.is_macos:
        service = _launchd_service(context, label or _names.launchd_label(name))
        log = _log.job(label) if label else _log.where(name, is_macos=True)
    else:
        service = _systemd_service(context, unit or _names.systemd_unit(name))
        log = _log.journal(unit) if unit else _log.where(name, is_macos=False)
    if service.state == "absent":
        log = ALLOW if service.note == _KEPT_OUT else "Repeat site.yml."
    return Measurement(service.state == wanted, str(service), wanted, log if wanted == "running" else "")


def _launchd_service(context: Context, label: str) -> _Service:
    job = Launchd(context.commands).job(label)
    if not job.loaded:
        return _Service("absent", note=_why_not_loaded(context, label))
    if not job.running or job.pid is None:
        return _Service("stopped", note=f"last exit code {job.last_exit}" if job.last_exit else None)
    return _Service("running", str(job.pid), _started(context, str(job.pid)))


def _why_not_loaded(context: Context, label: str) -> str | None:
    """Tell a daemon that somebody keeps from loading from one that is not there.

    Login Items keeps it out without a trace in launchd's own list of what is switched off.
    """
    if not _files.exists(_names.launchd_plist(label)):
        return None
    return _SWITCHED_OFF if Launchd(context.commands).disabled(label) else _KEPT_OUT


def _started(context: Context, pid: str) -> str | None:
    """Return when a process started, where `ps` can tell."""
    try:
        result = context.commands.run(["/bin/ps", "-o", "lstart=", "-p", pid])
    except ClusterError:
        return None
    return " ".join(result.out.split()) or None if result.rc == 0 else None


def _systemd_service(context: Context, unit: str) -> _Service:
    text = context.commands.check_output(["systemctl", "show", f"--property={PROPERTIES}", unit])
    values = dict(line.partition("=")[::2] for line in text.splitlines())
    if values.get("LoadState") == "not-found":
        return _Service("absent")
    if values.get("ActiveState") != "active":
        return _Service("stopped", note=values.get("ActiveState"))
    return _Service("running", values.get("MainPID"), values.get("ActiveEnterTimestamp"))


KIND = Kind("service {name}", measure)
