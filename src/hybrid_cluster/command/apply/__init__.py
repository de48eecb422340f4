# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster apply`: site.yml by ansible-runner, shown as it goes on, with what changed and what failed at its end."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output, project
from hybrid_cluster.command.apply import lock, processes, times
from hybrid_cluster.command.apply.end import describe, render
from hybrid_cluster.command.apply.progress import PREPARATION, REPORT, HostState, Progress
from hybrid_cluster.command.apply.screen import Screen
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybrid_cluster.command.inventory import Cluster

_LOOK_SECONDS = 0.2
_SOCKETS = "ssh"
"""The folder of the connections that ssh keeps."""
_LONGEST_FOLDER = 75
"""A socket's name has 104 bytes on macOS, and Ansible and ssh add to it; beyond that, Ansible's own folder is used."""
_SUMMARY = "hybrid_ai.cluster.cluster_summary"


@dataclass(frozen=True)
class Wish:
    """What somebody wants applied."""

    tags: tuple[str, ...] = ()
    limit: str | None = None
    is_check: bool = False

    @property
    def kind(self) -> str:
        """Runs of one kind take alike long."""
        return f"{'check' if self.is_check else 'run'} {self.limit or 'all'}"


def apply(cluster: Cluster, wish: Wish, *, as_json: bool) -> int:
    """Run it, and return what the command ends with."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

    hosts = _hosts(cluster, wish)
    playbook = project.find().site
    _refuse_unknown_tags(wish, playbook)
    steps = list(registry().capabilities)
    path = lock.folder(cluster.sources)
    with lock.held(path), tempfile.TemporaryDirectory(prefix="cluster-apply-") as place:
        expected = _expected(times.load(path, wish.kind), wish)
        progress = Progress({host: HostState() for host in hosts}, steps, expected)
        settings = _settings(cluster, wish, playbook, Path(place), path / _SOCKETS)
        left = _play(settings, path / _SOCKETS, progress, as_json=as_json)
        document = describe(progress, _summary(Path(place)), hosts, left)
        if document["exit_code"] == exits.OK:
            times.save(path, wish.kind, progress.seconds)
    return _show(document, as_json=as_json)


def _hosts(cluster: Cluster, wish: Wish) -> list[str]:
    if wish.limit is None:
        return list(cluster.hosts)
    from ansible.errors import AnsibleError

    try:
        found = cluster.matching(wish.limit)
    except AnsibleError as error:
        raise ClusterError(f"--limit {wish.limit}: {str(error).rstrip('.')}.", exits.NO_HOSTS) from error
    if not found:
        names = output.shortened(output.folded(cluster.hosts), 200)
        raise ClusterError(f"--limit {wish.limit} matches no host; write some of {names}, or a group.", exits.NO_HOSTS)
    return found


def _refuse_unknown_tags(wish: Wish, playbook: Path) -> None:
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import unknown_tags

    if mistakes := unknown_tags(wish.tags, [str(playbook)]):
        raise ClusterError(mistakes[0], exits.USAGE)


def _expected(known: dict[str, float], wish: Wish) -> dict[str, float]:
    """Return the times of the steps that this run has."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import is_applied

    tags = wish.tags or ("all",)
    return {
        step: seconds
        for step, seconds in known.items()
        if step in (PREPARATION, REPORT) or is_applied(step, tags, skip_tags=())
    }


def _play(settings: dict[str, Any], sockets: Path, progress: Progress, *, as_json: bool) -> dict[str, str] | None:
    """Run it to its end; where somebody stops it, return the task that each host was at."""
    import ansible_runner

    def note(event: dict[str, Any]) -> bool:
        progress.note(event)
        # Not to be written to a file.
        return False

    with _signals(), Screen(output.console(), progress, is_silent=as_json) as screen:
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


def _settings(cluster: Cluster, wish: Wish, playbook: Path, place: Path, sockets: Path) -> dict[str, Any]:
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
        "playbook": str(playbook),
        "inventory": list(cluster.sources),
        "cmdline": "--check" if wish.is_check else None,
        "envvars": variables,
        "settings": {"pexpect_timeout": 1, "suppress_ansible_output": True},
        # None of its own: facts are for one run.
        "fact_cache_type": "memory",
        "limit": wish.limit,
        "tags": ",".join(wish.tags) or None,
        "quiet": True,
        "suppress_env_files": True,
        # Its own would take Ctrl-C from us, and ends one process group where there are many.
        "cancel_callback": lambda: False,
    }


@contextmanager
def _signals() -> Iterator[None]:
    """Treat a closed terminal and the end that somebody asks for as Ctrl-C."""

    def interrupt(number: int, frame: Any) -> None:  # noqa: ARG001
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


def _show(document: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        output.show_json(document)
    else:
        output.console().print(render(document))
    if document["sentence"]:
        output.say_error(document["sentence"])
    return int(document["exit_code"])
