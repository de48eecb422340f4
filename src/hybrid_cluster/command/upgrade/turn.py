# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One turn of an upgrade: hosts out of rotation, upgraded, proved, and back."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import apply, exits, output, rotation
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hybrid_cluster.command.inventory import Cluster
    from hybrid_cluster.command.rotation import Rotation

LASTS = 2 * 3600.0
"""For how many seconds a host is taken out at a time: it comes back by itself if nobody is there to put it back."""
_RENEWED = 60.0
LEFT_OUT = 24 * 3600.0
"""For how many seconds a host stays out that failed."""
_TOKEN_WITHIN = 600.0
DONE, FAILED, INTERRUPTED, LEFT = "done", "failed", "interrupted", "left"


@dataclass
class Turn:
    """What has become of the hosts of one turn."""

    hosts: list[str]
    state: str = LEFT
    """done, failed, interrupted or left."""
    out: list[str] = field(default_factory=list)
    """Those that are out of rotation."""
    out_until: float | None = None
    """Until when, in seconds of Unix time."""
    seconds: float = 0.0
    held_models: list[str] = field(default_factory=list)
    """Models whose requests waited meanwhile."""
    proved_models: list[str] = field(default_factory=list)
    """Models that answered the gateway a token afterwards, each with its host."""
    run: dict[str, Any] | None = None
    """The run of site.yml, or that of verify.yml where this one failed, as `cluster apply --json` has it."""
    why: str = ""
    """What it failed with."""
    exit_code: int = exits.OK

    @property
    def name(self) -> str:
        """Return its hosts, for people."""
        return output.folded(self.hosts)

    @property
    def limit(self) -> str:
        """Return them for Ansible."""
        return ",".join(self.hosts)


@dataclass(frozen=True)
class Way:
    """How turns are taken."""

    cluster: Cluster
    rotation: Rotation | None
    """None where no gateway is there that knows requests."""
    tags: tuple[str, ...]
    within: float
    """Seconds that what runs on a host may take to end."""
    path: Path
    """The folder of the inventory, which is locked."""
    as_json: bool

    def say(self, text: str) -> None:
        """Print a line, unless a program reads."""
        if not self.as_json:
            output.say(text)

    def take(self, turn: Turn) -> None:
        """Take a turn, and note in it what has become of it."""
        began = time.monotonic()
        try:
            self._take(turn)
        except ClusterError as error:
            self._fail(turn, str(error).rstrip("."), error.exit_code)
        except KeyboardInterrupt:
            self._fail(turn, "interrupted", exits.INTERRUPTED)
        finally:
            turn.seconds = time.monotonic() - began

    def _take(self, turn: Turn) -> None:
        self._take_out(turn)
        # The report of the management node asks the gateway for the model that this would keep waiting.
        first_back = bool(turn.held_models) and bool(set(turn.hosts) & set(self.cluster.groups.get("management", ())))
        self._run(turn, "site", self.tags, {"verify_fail_on_false": False} if first_back else {})
        if first_back:
            self._put_back(turn)
        self._run(turn, "verify", (), {})
        self._prove(turn)
        self._put_back(turn)
        turn.state = DONE

    def _take_out(self, turn: Turn) -> None:
        if self.rotation is None:
            return
        out = [host for host in turn.hosts if host in self.rotation.serving]
        if not out:
            return
        began = time.monotonic()
        try:
            with rotation.waiting(as_json=self.as_json) as show:
                turn.held_models = self.rotation.empty(out, LASTS, self.within, show)
        except (ClusterError, KeyboardInterrupt):
            # Nothing has been changed there.
            for host in out:
                self.rotation.put_back(host)
            raise
        turn.out, turn.out_until = out, time.time() + LASTS
        waits = rotation.wait_for(turn.held_models)
        self.say(f"{turn.name}: out of rotation after {output.span(time.monotonic() - began)}.{waits}")

    def _run(self, turn: Turn, playbook: str, tags: tuple[str, ...], variables: Mapping[str, Any]) -> None:
        wish = apply.Wish(tags, turn.limit, playbook=playbook)
        listen = self._renewing(turn)
        found = apply.run(
            *(self.cluster, wish, turn.hosts, self.path), is_silent=self.as_json, variables=variables, listen=listen
        )
        false = not variables and found["false_lines"]
        failed = found["exit_code"] != exits.OK and (found["first_failure"] or found["troubles"] or found["sentence"])
        if playbook == "site" or failed or false:
            turn.run = found
        if failed or false:
            raise ClusterError(f"{playbook}.yml: {_why(found)}", found["exit_code"] or exits.HOSTS_FAILED)

    def _renewing(self, turn: Turn) -> Callable[[dict[str, Any]], None]:
        """Return what keeps hosts out while a run goes on, however long it takes; it is told of each event."""
        last = time.monotonic()

        def listen(_event: dict[str, Any]) -> None:
            nonlocal last
            if self.rotation is not None and turn.out and time.monotonic() - last >= _RENEWED:
                last = time.monotonic()
                # A gateway that does not answer now is asked again in a minute; there is time enough.
                with contextlib.suppress(ClusterError):
                    for host in turn.out:
                        self.rotation.order(host, LASTS, patiently=False)

        return listen

    def _prove(self, turn: Turn) -> None:
        """Have each model of these hosts answer a token there, as the gateway asks for it."""
        if self.rotation is None:
            # The report had one from each backend.
            return
        with rotation.waiting(as_json=self.as_json) as show:
            for host in turn.hosts:
                for model in self.cluster.models_by_host[host]:
                    if host not in self.rotation.serving:
                        continue
                    if why := self.rotation.prove(model, host, _TOKEN_WITHIN, show):
                        raise ClusterError(f"{model} answers no token on {host}: {why}.", exits.HOSTS_FAILED)
                    turn.proved_models.append(f"{model} on {host}")

    def _put_back(self, turn: Turn) -> None:
        for host in tuple(turn.out):
            assert self.rotation is not None  # noqa: S101 - who else took it out
            self.rotation.put_back(host)
            turn.out.remove(host)
        turn.out_until = None

    def _fail(self, turn: Turn, why: str, code: int) -> None:
        """Keep hosts out that may be half upgraded, long enough for a person to look."""
        turn.state = INTERRUPTED if code == exits.INTERRUPTED else FAILED
        turn.why, turn.exit_code = why, code
        for host in turn.out:
            assert self.rotation is not None  # noqa: S101 - who else took it out
            with contextlib.suppress(ClusterError):
                self.rotation.order(host, LEFT_OUT)
                turn.out_until = time.time() + LEFT_OUT


def _why(run: Mapping[str, Any]) -> str:
    if run["sentence"]:
        return str(run["sentence"])
    if failure := run["first_failure"]:
        return f"the task {failure['task']} failed on {failure['host']}"
    if run["troubles"]:
        return f"{output.folded(run['troubles'])} could not be completed"
    wrong = sum(len(lines) for lines in run["false_lines"].values())
    return f"{wrong} {'line of the report is' if wrong == 1 else 'lines of the report are'} false"
