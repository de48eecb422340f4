# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Asks hosts that may sleep, as the gateway asks them, whether they were seen to wake and what speaks against sleep.

Nothing is changed by it. A host that sleeps does not answer, and is not woken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.agents import AgentError, Agents
from hybrid_cluster.gateway.fields import RouteError
from hybrid_cluster.gateway.owner import become_the_owner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybrid_cluster.gateway.fleet import Host


def main(arguments: list[str] | None = None, ssh: str = "ssh") -> int:
    """Run the command: a line for each host, or one object of JSON; a host that does not answer is a failure."""
    options = _parser().parse_args(arguments)
    try:
        configuration = routes.load(options.configuration)
        hosts = [host for group in configuration.groups for host in group.hosts]
        if configuration.login is None or configuration.state is None:
            print("hosts: the gateway knows no host that sleeps.", file=sys.stderr)
            return 1
        unknown = sorted(set(options.names) - {host.name for host in hosts})
        if unknown:
            known = ", ".join(host.name for host in hosts)
            print(
                f"hosts: {unknown[0]!r} is no host that the gateway sends to sleep; there are {known}.", file=sys.stderr
            )
            return 1
        become_the_owner(configuration.state.parent)
    except (RouteError, OSError) as error:
        print(f"hosts: {error}", file=sys.stderr)
        return 1
    asked = [host for host in hosts if not options.names or host.name in options.names]
    found = asyncio.run(_ask(Agents(configuration.login, ssh), asked))
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name}: {_line(answer)}" for name, answer in found.items()))
    return 0 if all("error" not in answer for answer in found.values()) else 1


async def _ask(agents: Agents, hosts: Iterable[Host]) -> dict[str, dict[str, Any]]:
    async def one(host: Host) -> tuple[str, dict[str, Any]]:
        try:
            return host.name, await agents.ask(host, "status", host.mac_address)
        except AgentError as error:
            return host.name, {"error": str(error)}

    return dict(await asyncio.gather(*(one(host) for host in hosts)))


def _line(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"no answer: {answer['error']}"
    reasons = [str(reason) for reason in answer.get("vetoes") or ()]
    if answer.get("proved") is not True:
        reasons.append(str(answer.get("missing") or "it does not say whether it was seen to wake"))
    return f"stays awake: {'; '.join(reasons)}" if reasons else "may sleep"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway-hosts", description=__doc__)
    parser.add_argument("--configuration", type=Path, required=True, help="the gateway's configuration")
    parser.add_argument("--json", action="store_true", help="what each host says, as one object")
    parser.add_argument("names", metavar="NAME", nargs="*", help="hosts; without one all that may sleep")
    return parser


if __name__ == "__main__":
    sys.exit(main())
