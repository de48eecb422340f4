# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is left to say when a run has ended: what changed, what failed, and what that means for a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.apply.screen import duration
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNSURE, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from hybrid_cluster.command.apply.progress import Failure, Progress

_MOST_SILENT = 5


def describe(
    progress: Progress, summary: Mapping[str, Any] | None, hosts: Sequence[str], left: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return what `--json` prints.

    `summary` is what the callback cluster_summary has written, and None without; `left` has the task of each host that
    was at one when somebody stopped the run, and is None where nobody did.
    """
    known = summary or {}
    reports: dict[str, list[dict[str, Any]]] = known.get("reports") or {}
    failure = progress.first_failure()
    document = {
        "hosts": list(hosts),
        "seconds": round(progress.elapsed, 1),
        "steps": {step: round(seconds, 1) for step, seconds in progress.seconds.items()},
        "changed": known.get("changed") or {},
        "troubles": known.get("troubles") or {},
        "false_lines": {
            host: wrong for host, lines in reports.items() if (wrong := [line for line in lines if not line["ok"]])
        },
        "first_failure": _failure(failure),
        "may_go_on": dict(left or {}),
    }
    code, sentence = _verdict(progress, document, is_interrupted=left is not None, is_summed_up=summary is not None)
    return {**document, "exit_code": code, "sentence": sentence}


def _failure(failure: Failure | None) -> dict[str, str] | None:
    if failure is None:
        return None
    return {"host": failure.host, "task": failure.task, "step": failure.step, "text": failure.text}


def _verdict(
    progress: Progress, document: Mapping[str, Any], *, is_interrupted: bool, is_summed_up: bool
) -> tuple[int, str | None]:
    if is_interrupted:
        return exits.INTERRUPTED, _interrupted(document["may_go_on"])
    if progress.stats is None:
        last = " ".join(progress.last_words.split())[-300:]
        return exits.INCOMPLETE, f"the run ended without a word about its hosts{f': {last}' if last else '.'}"
    failed = {*progress.stats["failures"], *progress.stats["dark"], *document["troubles"]}
    if failed or document["false_lines"]:
        return exits.HOSTS_FAILED, None
    if not is_summed_up:
        return (
            exits.INCOMPLETE,
            "the run left no summary, so what it changed is not known; run ansible-playbook itself.",
        )
    silent = [host for host in document["hosts"] if host not in progress.stats["processed"]]
    if silent:
        return exits.INCOMPLETE, f"the run has no word about {output.folded(silent[:_MOST_SILENT])}; run it again."
    return exits.OK, None


def _interrupted(under_way: Mapping[str, str]) -> str:
    if not under_way:
        return "interrupted; nothing of it runs here, and no host was at a task. Run it again to complete it."
    at = ", ".join(f"{host}: {task}" for host, task in list(under_way.items())[:_MOST_SILENT])
    return f"interrupted; nothing of it runs here. On hosts this may go on: {at}. Run it again to complete it."


def render(document: Mapping[str, Any]) -> RenderableType:
    """Draw it for a terminal of 80 columns."""
    parts: list[RenderableType] = []
    if document["first_failure"]:
        failure = document["first_failure"]
        parts += [words(f"First failure, {failure['step']} on {failure['host']}: {failure['task']}", BAD)]
        parts += [words(failure["text"]), words("")]
    for host, trouble in document["troubles"].items():
        reasons = trouble["reasons"] or ["see above"]
        parts += [words(f"{host}: {trouble['state']}: {reason}".replace(": : ", ": "), BAD) for reason in reasons]
    for host, lines in document["false_lines"].items():
        parts += [words(f"{host}: {_sentence(line)}", BAD) for line in lines]
    for host, changes in sorted(document["changed"].items()):
        parts.append(words(f"{host}: {len(changes)} changed: {', '.join(changes)}", UNSURE))
    if not document["changed"] and document["exit_code"] == exits.OK:
        parts.append(words("Nothing changed.", GOOD))
    style = GOOD if document["exit_code"] == exits.OK else FAINT
    hosts = len(document["hosts"])
    parts.append(words(f"{hosts} {'host' if hosts == 1 else 'hosts'}, {duration(document['seconds'])}", style))
    return Group(*parts)


def _sentence(line: Mapping[str, Any]) -> str:
    text = f"{line['capability']}: {line['title']}: {line['measured']} (expected {line['expected']})."
    return f"{text} {line.get('advice') or ''}".rstrip()
