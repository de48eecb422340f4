# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A playbook of the project by ansible-runner: shown as it goes on, ended by Ctrl-C, summed up at its end."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import output, project
from hybrid_cluster.command.apply import processes
from hybrid_cluster.command.apply.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hybrid_cluster.command.apply.progress import Progress
    from hybrid_cluster.command.inventory import Cluster

_LOOK_SECONDS = 0.2
_SOCKETS = "ssh"
"""The folder of the connections that ssh keeps."""
_LONGEST_FOLDER = 75
"""A socket's name has 104 bytes on macOS, and Ansible and ssh add to it; beyond that, Ansible's own folder is used."""
_SUMMARY = "hybrid_ai.cluster.cluster_summary"


@dataclass(frozen=True)
class Play:
    """What is to be run."""

    playbook: Path | None
    """None where it is a single module."""
    limit: str | None = None
    tags: tuple[str, ...] = ()
    arguments: str | None = None
    """For ansible-playbook, as on a command line."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """As with -e."""
    module: str | None = None
    module_arguments: Mapping[str, Any] = field(default_factory=dict)
    """They may hold templates, which each host works out for itself."""
    listen: Callable[[dict[str, Any]], None] | None = None
    """Told of each event, in another thread."""


def play(
    cluster: Cluster, wanted: Play, folder: Path, progress: Progress, *, is_silent: bool
) -> tuple[dict[str, str] | None, dict[str, Any] | None]:
    """Run it to its end, which `folder` of the inventory has been locked for.

    Returns the task that each host was at, where somebody stopped it (else None), and what the callback
    cluster_summary has written (None without).
    """
    sockets = folder / _SOCKETS
    with tempfile.TemporaryDirectory(prefix="cluster-") as place:
        settings = _settings(cluster, wanted, Path(place), sockets)
        left = _run(settings, sockets, progress, wanted.listen, is_silent=is_silent)
        return left, _summary(Path(place))


def _run(
    settings: dict[str, Any],
    sockets: Path,
    progress: Progress,
    listen: Callable[[dict[str, Any]], None] | None,
    *,
    is_silent: bool,
) -> dict[str, str] | None:
    """Run it to its end; where somebody stops it, return the task that each host was at."""
    import ansible_runner

    def note(event: dict[str, Any]) -> bool:
        progress.note(event)
        if listen:
            listen(event)
        # Not to be written to a file.
        return False

    with _signals(), Screen(output.console(), progress, is_silent=is_silent) as screen:
        thread, _ = ansible_runner.run_async(**settings, event_handler=note)
        try:
            while thread.is_alive():
                screen.look()
                thread.join(_LOOK_SECONDS)
        except BaseException as error:
            # Also where nobody reads any more what is shown: the inventory is let go of, so nothing may go on.
            under_way = progress.under_way
            output.say_error("ends what runs here; Ctrl-C again does not wait for it.")
            processes.Stop().end(lambda: not thread.is_alive())
            processes.end_masters(sockets)
            thread.join(_LOOK_SECONDS * 10)
            if not isinstance(error, KeyboardInterrupt):
                raise
            return under_way
        finally:
            progress.finish()
    return None


def _settings(cluster: Cluster, wanted: Play, place: Path, sockets: Path) -> dict[str, Any]:
    from ansible import constants

    found = project.find()
    enabled = [*constants.CALLBACKS_ENABLED, *([] if _SUMMARY in constants.CALLBACKS_ENABLED else [_SUMMARY])]
    collections = dict.fromkeys([str(found.collections), *map(str, constants.COLLECTIONS_PATHS)])
    variables = {
        # ansible-playbook lies beside this Python, also where that is on no PATH.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_CALLBACKS_ENABLED": ",".join(enabled),
        "ANSIBLE_CONFIG": str(constants.CONFIG_FILE or ""),
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(collections),
        # ansible-runner would have ssh trust hosts that it does not know.
        "ANSIBLE_HOST_KEY_CHECKING": str(constants.HOST_KEY_CHECKING),
        "CLUSTER_SUMMARY_FILE": str(place / "summary.json"),
    }
    if len(os.fsencode(sockets)) <= _LONGEST_FOLDER:
        variables["ANSIBLE_SSH_CONTROL_PATH_DIR"] = str(sockets)
    return {
        "private_data_dir": str(place),
        "project_dir": str(found.root),
        **_what(wanted),
        "inventory": list(cluster.sources),
        "cmdline": wanted.arguments,
        "envvars": variables,
        "settings": {"pexpect_timeout": 1, "suppress_ansible_output": True},
        # None of its own: facts are for one run.
        "fact_cache_type": "memory",
        "extravars": dict(wanted.variables),
        "limit": wanted.limit,
        "tags": ",".join(wanted.tags) or None,
        "quiet": True,
        "suppress_env_files": True,
        # Its own would take Ctrl-C from us, and ends one process group where there are many.
        "cancel_callback": lambda: False,
    }


def _what(wanted: Play) -> dict[str, Any]:
    if wanted.playbook:
        return {"playbook": str(wanted.playbook)}
    arguments = json.dumps(dict(wanted.module_arguments))
    return {"module": wanted.module, "module_args": arguments, "host_pattern": wanted.limit or "all"}


@contextmanager
def _signals() -> Iterator[None]:
    """Treat a closed terminal and the end that somebody asks for as Ctrl-C."""

    def interrupt(number: int, frame: Any) -> None:  # noqa: ARG001 - handlers of signals get it
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _summary(place: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads((place / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document
