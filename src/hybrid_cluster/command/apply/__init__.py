# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster apply`: site.yml by ansible-runner, shown as it goes on, with what changed and what failed at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output, project
from hybrid_cluster.command.apply import lock, running, times
from hybrid_cluster.command.apply.end import describe, render
from hybrid_cluster.command.apply.progress import PREPARATION, REPORT, HostState, Progress
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hybrid_cluster.command.inventory import Cluster


@dataclass(frozen=True)
class Wish:
    """What somebody wants applied."""

    tags: tuple[str, ...] = ()
    limit: str | None = None
    is_check: bool = False
    playbook: str = "site"
    """Its name in the project's folder of playbooks."""

    @property
    def kind(self) -> str:
        """Runs of one kind take alike long."""
        does = "check" if self.is_check else "run" if self.playbook == "site" else self.playbook
        return f"{does} {self.limit or 'all'}"


def apply(cluster: Cluster, wish: Wish, *, as_json: bool) -> int:
    """Run it, and return what the command ends with."""
    hosts = hosts_of(cluster, wish.limit)
    refuse_unknown_tags(wish)
    path = lock.folder(cluster.sources)
    with lock.held(path):
        document = run(cluster, wish, hosts, path, is_silent=as_json)
    return _show(document, as_json=as_json)


def run(
    cluster: Cluster,
    wish: Wish,
    hosts: Sequence[str],
    path: Path,
    *,
    is_silent: bool,
    variables: Mapping[str, Any] | None = None,
    listen: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Run it for the hosts of its limit, whose inventory's folder `path` is locked, and return what `describe` does."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

    expected = _expected(times.load(path, wish.kind), wish)
    progress = Progress({host: HostState() for host in hosts}, list(registry().capabilities), expected)
    check = "--check" if wish.is_check else None
    playbook = project.find().root / f"playbooks/{wish.playbook}.yml"
    wanted = running.Play(playbook, wish.limit, wish.tags, check, variables or {}, listen=listen)
    left, summary = running.play(cluster, wanted, path, progress, is_silent=is_silent)
    document = describe(progress, summary, hosts, left)
    if document["exit_code"] == exits.OK:
        times.save(path, wish.kind, progress.seconds)
    return document


def hosts_of(cluster: Cluster, limit: str | None) -> list[str]:
    """Return the hosts of a limit, which has to match some; all of them without one."""
    if limit is None:
        return list(cluster.hosts)
    from ansible.errors import AnsibleError

    try:
        found = cluster.matching(limit)
    except AnsibleError as error:
        raise ClusterError(f"--limit {limit}: {str(error).rstrip('.')}.", exits.NO_HOSTS) from error
    if not found:
        names = output.shortened(output.folded(cluster.hosts), 200)
        raise ClusterError(f"--limit {limit} matches no host; write some of {names}, or a group.", exits.NO_HOSTS)
    return found


def refuse_unknown_tags(wish: Wish) -> None:
    """Refuse tags that no play of the site has."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import unknown_tags

    if mistakes := unknown_tags(wish.tags, [str(project.find().site)]):
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


def _show(document: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        output.show_json(document)
    else:
        output.console().print(render(document))
    if document["sentence"]:
        output.say_error(document["sentence"])
    return int(document["exit_code"])
