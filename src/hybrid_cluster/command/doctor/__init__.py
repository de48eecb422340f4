# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster doctor`: the report of `playbooks/verify.yml`, what only this machine sees, and what helps against each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, measured, output, project
from hybrid_cluster.command.apply import hosts_of, lock, running
from hybrid_cluster.command.apply.end import describe
from hybrid_cluster.command.apply.progress import PREPARATION, HostState, Progress
from hybrid_cluster.command.doctor import across, addresses, here, page, traps
from hybrid_cluster.command.doctor.finding import Finding, Seen, together
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hybrid_cluster.command.inventory import Cluster

_STATE_OF_SILENT = "unreachable"


def doctor(cluster: Cluster, limit: str | None, address: str | None, *, wake: bool, as_json: bool) -> int:
    """Look at everything, show it, and return what the command ends with."""
    hosts = hosts_of(cluster, limit)
    path = lock.folder(cluster.sources)
    with lock.held(path):
        asleep = _asleep(cluster, hosts)
        if wake and asleep:
            # Its end says nothing of the others: who is awake then is asked again.
            _run(cluster, "wake", asleep, path, is_silent=as_json)
            asleep = _asleep(cluster, asleep)
        awake = [host for host in hosts if host not in asleep]
        summary = _run(cluster, "verify", awake, path, is_silent=as_json) if awake else {}
    document = diagnose(cluster, awake, asleep, summary, measured.Source(cluster, address))
    if as_json:
        output.show_json(document)
    else:
        output.console().print(page.render(document))
    return int(document["exit_code"])


def _asleep(cluster: Cluster, hosts: Sequence[str]) -> list[str]:
    """Return the hosts that may sleep and do not answer; those that are reached through another one are not asked."""
    answers = measured.answer_ssh(cluster.hosts[host] for host in hosts if cluster.hosts[host].may_sleep)
    return [host for host in hosts if answers.get(host) is False]


def _run(cluster: Cluster, playbook: str, hosts: Sequence[str], path: Any, *, is_silent: bool) -> Mapping[str, Any]:
    """Run a playbook for hosts, and return what it summed up."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

    mistakes: list[str] = []

    def listen(event: dict[str, Any]) -> None:
        found = ((event.get("event_data") or {}).get("res") or {}).get("mistakes")
        mistakes.extend(str(found).splitlines() if found else [])

    progress = Progress({host: HostState() for host in hosts}, list(registry().capabilities), {})
    wanted = running.Play(
        project.find().root / f"playbooks/{playbook}.yml",
        None if len(hosts) == len(cluster.hosts) else ",".join(hosts),
        # A false line is what is looked for, and no failure of the run.
        variables={"verify_fail_on_false": False} if playbook == "verify" else {},
        listen=listen,
    )
    left, summary = running.play(cluster, wanted, path, progress, is_silent=is_silent)
    if left is None and summary is not None:
        return summary
    if mistakes:
        more = f" And {len(mistakes) - 1} more, which playbooks/validate.yml says." if len(mistakes) > 1 else ""
        raise ClusterError(f"{mistakes[0]}{more}", exits.INVENTORY)
    end = describe(progress, summary, hosts, left)
    if left is None and progress.stats is not None and (failure := progress.first_failure()):
        code = exits.INVENTORY if failure.step == PREPARATION else exits.HOSTS_FAILED
        raise ClusterError(f"{playbook}.yml ended at the task {failure.task}: {failure.text}", code)
    raise ClusterError(end["sentence"] or f"{playbook}.yml left no summary.", end["exit_code"])


def diagnose(
    cluster: Cluster,
    hosts: Sequence[str],
    asleep: Sequence[str],
    summary: Mapping[str, Any],
    source: measured.Source,
) -> dict[str, Any]:
    """Return what `--json` prints; `summary` is what the callback cluster_summary wrote of the run of verify.yml."""
    reports, troubles = summary.get("reports") or {}, summary.get("troubles") or {}
    seen = Seen()
    moved = addresses.look(cluster, [host for host in hosts if _is_silent(troubles.get(host))])
    seen.add(_troubles(troubles))
    for part in (
        moved,
        across.reports({host: reports[host] for host in hosts if host in reports}),
        across.thunderbolt(reports),
        across.clocks(source, hosts),
        here.look(cluster, [cluster.hosts[host] for host in hosts]),
    ):
        seen.add(part)
    silent = [host for host in hosts if host not in reports and host not in troubles]
    if silent:
        seen.not_looked_at.append(f"{output.folded(silent)}, about which the run has no word")
    code = exits.HOSTS_FAILED if seen.wrong else exits.INCOMPLETE if silent else exits.OK
    return {
        "hosts": list(hosts),
        "wrong": together(seen.wrong),
        "notes": together(seen.notes),
        "asleep": list(asleep),
        "not_looked_at": seen.not_looked_at,
        "right": seen.right,
        "exit_code": code,
    }


def _is_silent(trouble: Mapping[str, Any] | None) -> bool:
    return bool(trouble) and str((trouble or {}).get("state")) == _STATE_OF_SILENT


def _troubles(troubles: Mapping[str, Any]) -> Seen:
    """Return why hosts were not completed; the sentences say what to do."""
    seen = Seen()
    for host, trouble in troubles.items():
        for reason in trouble["reasons"] or [trouble["state"]]:
            trap = traps.of_trouble(reason)
            seen.wrong.append(Finding(host, trouble["state"] or "not completed", reason, "", trap.name))
    return seen
