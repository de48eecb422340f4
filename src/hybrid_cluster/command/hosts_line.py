# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command lines of what is done to hosts."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_cluster.command import options


def add_to(app: typer.Typer) -> None:
    """Add them to the command."""
    for command in (wake, sleep, idle, hold, release):
        app.command()(command)


def wake(  # noqa: PLR0917 - Typer passes them by name
    name: Annotated[
        str,
        typer.Argument(metavar="HOST|MODEL", autocompletion=options.complete_host_or_model, show_default=False),
    ],
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    no_wait: options.NoWait = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Wake a host that sleeps, or the one that answers a model, and the model with it."""
    from hybrid_cluster.command import hosts
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return hosts.wake(cluster, find(cluster, gateway), name, wait=not no_wait, as_json=as_json)


def sleep(  # noqa: PLR0917 - Typer passes them by name
    host: options.Host,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    no_wait: options.NoWait = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Send a host to sleep now, unless somebody uses it or it was never seen to wake."""
    from hybrid_cluster.command import hosts
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return hosts.sleep(cluster, find(cluster, gateway), host, wait=not no_wait, as_json=as_json)


def idle(
    words: Annotated[list[str], typer.Argument(metavar="[HOST] TIME", show_default=False)],
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Choose after how long without use a host sleeps, or all do: 30 (minutes), 2h, never, or default."""
    from hybrid_cluster.command import hosts
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return hosts.idle(cluster, find(cluster, gateway), words, as_json=as_json)


def hold(  # noqa: PLR0917 - Typer passes them by name
    host: options.Host,
    time: Annotated[str, typer.Argument(metavar="TIME", help="Minutes, or a time such as 2h.", show_default=False)],
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Keep a host awake for a time, whatever happens; `cluster release` ends that."""
    from hybrid_cluster.command import hosts
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return hosts.hold(cluster, find(cluster, gateway), host, time, as_json=as_json)


def release(
    host: options.Host,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Hold a host no longer: it sleeps again when nobody has used it for its time."""
    from hybrid_cluster.command import hosts
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return hosts.release(cluster, find(cluster, gateway), host, as_json=as_json)
