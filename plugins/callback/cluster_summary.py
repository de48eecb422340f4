# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: what a run changed and what it measured, at its end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_summary
type: aggregate
short_description: What a run changed and what it measured, at its end
version_added: 0.1.0
description:
  - Prints for every host the tasks that changed something, the lines of its node report, the models and exo.
  - A host that was unreachable, that failed, or whose plays were never begun, is named as such, with the reason.
  - Where the reason is one of those that are known, it says what to do.
  - Hosts that C(--limit) leaves out are named below what was measured.
  - Whatever is not as it should be is repeated at the very end.
  - A task that ran on another host for a host is booked on the one that it ran on.
  - Ends a run before it begins where variables of the group C(all) cannot be read, and names file and line.
  - Gives what C(-e name=value) says the type that the specification of the variable asks for.
  - A task whose result has C(changed_settings), as that of M(hybrid_ai.cluster.macos_headless), is shown with them.
options:
  file:
    description:
      - Where the same is written as JSON too, for a program that started the run; its folder has to be there.
      - A mapping of C(changed) (the tasks that changed something, by host), C(troubles) (by host, C(state) and
        C(reasons)) and C(reports) (the lines of the node report, by host).
      - Nothing is written of a run that was refused.
    type: path
    env:
      - name: CLUSTER_SUMMARY_FILE
requirements:
  - Enabled by C(callbacks_enabled) in C(ansible.cfg).
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names, numbered
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _model_report, _summary
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._extra_variables import give_types
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._first_contact import Target, unreachable
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import load_specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import is_chosen
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._written_files import faults_of_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play


CONTROLLER = "localhost"
VALIDATION = "hybrid_ai.cluster.validate_inventory"
UNCONFIRMED = "hybrid_ai.cluster.uninstall : Fail without a confirmation"
"""The task that ends a removal to which nobody said yes."""
LOOK = "hybrid_ai.cluster.host_access"
MANAGEMENT = "management"
MANAGED = "names, download cache, dashboards, alerts and web pages"
"""What the host of that group brings."""
VERIFICATION = "hybrid_ai.cluster.verify : "
"""What the names of the tasks of the role verify begin with."""
MODELS = "__verify_models"
"""The fact that has the table of models."""
REFUSAL = "hybrid_ai.cluster.validate : "
"""What those of the role validate begin with, after which nothing is to be summed up."""

_UNREADABLE = 4
"""What ansible-playbook itself ends with where it cannot read something."""


def _action(result: CallbackTaskResult) -> str:
    action: str = result.task.resolved_action or result.task.action
    return action


def _name(result: CallbackTaskResult) -> str:
    name: str = result.task.get_name().rpartition(" : ")[2]
    return name


def _place(result: CallbackTaskResult) -> str:
    """Return the host that a task really ran on."""
    if _action(result) == VALIDATION:
        return CONTROLLER
    return str(result.task.delegate_to or result.host.get_name())


@dataclass(frozen=True)
class Trouble:
    """Why this run did not complete a host."""

    state: str
    reasons: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """What is repeated at the end."""
        return [f"{self.state}: {reason}" if self.state else reason for reason in self.reasons] or [self.state]


class CallbackModule(CallbackBase):
    """Collect while the run goes on, print at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "hybrid_ai.cluster.cluster_summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._changed: dict[str, list[str]] = defaultdict(list)
        self._reports: dict[str, list[dict[str, Any]]] = {}
        self._exo: dict[str, Any] = {}
        self._placed: dict[str, Any] = {}
        """What exo serves, measured after the models were placed; nothing in a run that did not wait for them."""
        self._models: list[dict[str, Any]] = []
        self._failed: dict[str, Trouble] = {}
        self._unreachable: dict[str, Trouble] = {}
        self._stopped: dict[str, Trouble] = {}
        """Hosts that a person has to prepare first, for which the run ended before anything was changed."""
        self._waiting: list[Play] = []
        """Plays that have not begun."""
        self._play: Play | None = None
        self._ended: list[tuple[Play, str, str]] = []
        """Plays that a failure ended for all their hosts, with the host and the task that failed."""
        self._refused = False
        """Whether the run ended before a host was touched, with a sentence that needs no summary."""
        self._check = False
        self._bootstrapping = False

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        """Note whether this is a prediction, and what is to come; end a run that Ansible ends without naming a file."""
        sources = [Path(source) for source in context.CLIARGS.get("inventory") or () if "," not in source]
        faults = faults_of_all(sources, playbook.get_loader())
        if faults:
            for fault in faults:
                self._display.display(f"[ERROR]: {fault}", color=constants.COLOR_ERROR, stderr=True)
            sys.exit(_UNREADABLE)
        for play in playbook.get_plays()[:1]:
            give_types(play.get_variable_manager()._extra_vars, load_specs().options)
        self._check = bool(context.CLIARGS.get("check"))
        self._bootstrapping = Path(playbook._file_name or "").stem == "bootstrap"
        # Nobody waits for a play that only validates the inventory, which is run on the controller.
        self._waiting = [play for play in playbook.get_plays() if CONTROLLER not in str(play.hosts)]

    def v2_playbook_on_play_start(self, play: Play) -> None:
        """Note that a play has begun."""
        self._play = play
        self._waiting = [waiting for waiting in self._waiting if waiting._uuid != play._uuid]

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Note a change and a measurement."""
        if result.is_changed():
            settings = ", ".join(result.result.get("changed_settings") or [])
            self._changed[_place(result)].append(f"{_name(result)} ({settings})" if settings else _name(result))
        self._note_measurement(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        """Note what failed, and a report with false lines."""
        # False lines speak for themselves.
        if not ignore_errors and not result.task.get_name().startswith(VERIFICATION):
            host = result.host.get_name()
            reason = _summary.reason(result.result)
            self._failed[host] = Trouble(f"failed at the task {_name(result)}", (reason,) if reason else ())
            if _action(result) == LOOK:
                obstacles = str(result.result.get("obstacles") or reason).splitlines()
                self._stopped[host] = Trouble("", tuple(obstacles))
            self._refused = self._refused or result.task.get_name().startswith(REFUSAL)
            self._refused = self._refused or result.task.get_name() == UNCONFIRMED
            if self._play and (result.task.run_once or result.task.any_errors_fatal):
                self._ended.append((self._play, host, _name(result)))
        self._note_measurement(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """Note why a host could not be reached."""
        said = str(result.result.get("msg") or "")
        # Who looked at the host has said it already.
        advice = said if _action(result) == LOOK else unreachable(said, self._target(result))
        elsewhere = f"{result.task.delegate_to}: " if result.task.delegate_to else ""
        self._unreachable[result.host.get_name()] = Trouble("unreachable", (f"{elsewhere}{advice}",))

    def _target(self, result: CallbackTaskResult) -> Target:
        given = result.host.get_vars()
        passwords = ("ask_pass", "connection_password_file")
        return Target(
            address=str(result.task.delegate_to or given.get("ansible_host") or result.host.get_name()),
            user=str(given.get("ansible_user") or ""),
            is_mac="macos" in given.get("group_names", ()),
            bootstrapping=self._bootstrapping,
            has_password=any(context.CLIARGS.get(name) for name in passwords),
        )

    def _note_measurement(self, result: CallbackTaskResult) -> None:
        if _action(result) == "hybrid_ai.cluster.node_report" and "lines" in result.result:
            self._reports[result.host.get_name()] = result.result["lines"]
        if models := (result.result.get("ansible_facts") or {}).get(MODELS):
            self._models = models
        if _action(result) == "hybrid_ai.cluster.exo_cluster_info" and "members" in result.result:
            self._exo = result.result
        if _action(result) == "hybrid_ai.cluster.exo_placement_info" and "models" in result.result:
            self._placed = result.result

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Print what was collected."""
        if self._refused:
            return
        if self._stopped:
            stopped = {**self._stopped, **{host: self._unreachable_host(host) for host in stats.dark}}
            self._write(stopped)
            self._print_wrong(stopped)
            return
        troubles = self._troubles(stats)
        self._write(troubles)
        if not self._reports and not self._changed and not troubles:
            return
        self._print_changes({*stats.processed, *troubles, *self._changed}, troubles)
        if self._reports:
            self._display.banner("WHAT WAS MEASURED")
            for host in sorted(self._reports):
                self._print_report(host)
            if self._play and not self._managers():
                self._display.display(f"No host is in the group {MANAGEMENT}, so there are no {MANAGED}.")
            outside = self._outside()
            if outside:
                self._display.display(f"Not looked at, because --limit leaves {enumerate_names(outside)} out.")
        if self._models and self._reports and self._is_about_models():
            self._print_models()
        if self._exo:
            self._print_exo()
        self._print_wrong(troubles)

    def _write(self, troubles: dict[str, Trouble]) -> None:
        """Write for a program what is printed for people."""
        file = self.get_option("file")
        if file:
            document = {
                "changed": self._changed,
                "troubles": {host: {"state": one.state, "reasons": one.reasons} for host, one in troubles.items()},
                "reports": self._reports,
            }
            Path(file).write_text(json.dumps(document, default=str), encoding="utf-8")

    def _inventory(self) -> Any:
        """Return Ansible's inventory; None where no play began."""
        return self._play.get_variable_manager()._inventory if self._play else None

    def _outside(self) -> list[str]:
        """Return the hosts that the limit of the run leaves out; what is said of the cluster is said without them."""
        inventory = self._inventory()
        if inventory is None:
            return []
        everybody = inventory.get_hosts("all", ignore_limits=True, ignore_restrictions=True)
        within = {host.get_name() for host in inventory.get_hosts("all", ignore_restrictions=True)}
        return sorted({host.get_name() for host in everybody} - within - {CONTROLLER})

    def _managers(self) -> list[str]:
        """Return the hosts of the group management, whatever the limit of the run; nobody where no play began."""
        inventory = self._inventory()
        group = inventory.groups.get(MANAGEMENT) if inventory else None
        return [host.get_name() for host in group.get_hosts()] if group else []

    def _unreachable_host(self, host: str) -> Trouble:
        return self._unreachable.get(host, Trouble("unreachable"))

    def _troubles(self, stats: AggregateStats) -> dict[str, Trouble]:
        """Return the hosts that this run did not complete, and why."""
        troubles: dict[str, Trouble] = {}
        for play, failed, task in self._ended:
            # What a rescue caught ended nothing.
            for host in _hosts(play) if stats.failures.get(failed) else ():
                troubles.setdefault(host, Trouble(f"not completed: the task {task} failed on {failed}"))
        for play in self._waiting:
            for host in _hosts(play):
                troubles.setdefault(host, Trouble(f"not completed: the run ended before the play {play.get_name()}"))
        troubles.update({host: trouble for host, trouble in self._failed.items() if stats.failures.get(host)})
        troubles.update({host: self._unreachable_host(host) for host in stats.dark})
        return troubles

    def _print_changes(self, hosts: Iterable[str], troubles: dict[str, Trouble]) -> None:
        self._display.banner("WHAT WOULD CHANGE" if self._check else "WHAT WAS CHANGED")
        shown = sorted(host for host in hosts if host != CONTROLLER or host in troubles or self._changed.get(host))
        width = max((len(host) for host in shown), default=0)
        for host in shown:
            names = self._changed.get(host, [])
            changes = f"{len(names)}: {', '.join(names)}" if names else "nothing"
            color = constants.COLOR_CHANGED if names else constants.COLOR_OK
            if host in troubles:
                state = troubles[host].state
                changes = f"{state}; before that {changes}" if names else state
                color = constants.COLOR_ERROR
            self._display.display(f"{host:<{width}}  {changes}", color=color)

    def _print_report(self, host: str) -> None:
        lines = self._reports[host]
        if not lines:
            self._display.display(f"{host}: nothing to measure yet")
            return
        false = [line for line in lines if not line["ok"]]
        self._display.display(
            f"{host}: {len(lines) - len(false)} of {len(lines)} lines are true",
            color=constants.COLOR_ERROR if false else constants.COLOR_OK,
        )
        for line in lines:
            mark = "  ok   " if line["ok"] else "  FALSE"
            color = constants.COLOR_OK if line["ok"] else constants.COLOR_ERROR
            self._display.display(f"{mark} {_summary.sentence(line)}", color=color)

    def _print_wrong(self, troubles: dict[str, Trouble]) -> None:
        """Repeat what is not as it should be, below everything that is."""
        false = [(host, line) for host in sorted(self._reports) for line in self._reports[host] if not line["ok"]]
        if not false and not troubles:
            return
        self._display.banner("WHAT IS WRONG")
        for host, trouble in sorted(troubles.items(), key=lambda item: item[0]):
            for sentence in trouble.sentences:
                self._display.display(f"{host}: {sentence}", color=constants.COLOR_ERROR)
        for host, line in false:
            self._display.display(f"{host}: {_summary.sentence(line)}", color=constants.COLOR_ERROR)
        counts = []
        if false:
            verb = "is" if len(false) == 1 else "are"
            hosts = numbered(len({host for host, _ in false}), "host")
            counts.append(f"{numbered(len(false), 'line')} {verb} false on {hosts}")
        if troubles:
            verb = "was" if len(troubles) == 1 else "were"
            counts.append(f"{numbered(len(troubles), 'host')} {verb} not completed")
        self._display.display(f"{enumerate_names(counts)}.", color=constants.COLOR_ERROR)
        if self._stopped:
            self._display.display("No host was changed; run this again when that is done.", color=constants.COLOR_ERROR)
            return
        for manager in self._managers():
            if manager in self._unreachable:
                left = f"{MANAGED} were left as they are; run this again when it can be reached."
                self._display.display(f"Without {manager}, {left}", color=constants.COLOR_ERROR)

    def _is_about_models(self) -> bool:
        """Tell whether anything was measured of models, or would have been on hosts that the run did not reach."""
        run, skipped = context.CLIARGS.get("tags") or ("all",), context.CLIARGS.get("skip_tags") or ()
        measured = any(line.get("model") for lines in self._reports.values() for line in lines)
        return measured or any(is_chosen(capability, run, skipped) for capability in ("model_files", *BACKENDS))

    def _print_models(self) -> None:
        """Print which model is served by what."""
        self._display.banner("MODELS")
        for line, wrong in _model_report.text(_model_report.rows(self._models, self._reports)):
            self._display.display(line, color=constants.COLOR_ERROR if wrong else constants.COLOR_OK)

    def _print_exo(self) -> None:
        """Print the cluster as its members see it."""
        self._display.banner("EXO CLUSTER")
        members = self._exo["members"]
        for member in members:
            peers = sorted({edge["sink"] for edge in self._exo["edges"] if edge["source"] == member["name"]})
            silent = member["name"] in self._exo.get("silent", ())
            said = "does not answer" if silent else f"sees {', '.join(peers) or 'nobody'}"
            self._display.display(f"{member['name']}  {member['address']}  {said}")
        self._display.display(_summary.served(self._placed) if self._placed else _summary.found(self._exo))
        for sentence in self._exo.get("missing", []):
            self._display.display(sentence, color=constants.COLOR_ERROR)


def _hosts(play: Play) -> list[str]:
    """Return the hosts of a play that has not begun, under the limit of the run."""
    inventory = play.get_variable_manager()._inventory
    return [host.get_name() for host in inventory.get_hosts(play.hosts, ignore_restrictions=True)]
