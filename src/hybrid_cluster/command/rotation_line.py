# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command lines of what takes hosts out of rotation: `drain`, `return` and `upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_cluster.command import options


def add_to(app: typer.Typer) -> None:
    """Add them to the command."""
    app.command()(drain)
    # The language has this word for something else.
    app.command(name="return")(put_back)
    app.command()(upgrade)


def drain(  # noqa: PLR0917 - Typer passes them by name
    host: options.Host,
    time: Annotated[
        str, typer.Argument(metavar="[TIME]", help="Minutes, or a time such as 2h.", show_default=True)
    ] = "2h",
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    no_wait: options.NoWait = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Have no new request go to a host for a time, and wait until those that it has are answered."""
    from hybrid_cluster.command import rotation
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return rotation.drain(cluster, find(cluster, gateway), host, time, wait=not no_wait, as_json=as_json)


def put_back(
    host: options.Host,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Have requests go to a host again that was drained."""
    from hybrid_cluster.command import rotation
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return rotation.put_back(cluster, find(cluster, gateway), host, as_json=as_json)


def upgrade(  # noqa: PLR0917 - Typer passes them by name
    inventory: options.Inventories = None,
    tags: options.Tags = None,
    limit: options.Limit = None,
    drain_within: Annotated[
        str, typer.Option(metavar="TIME", help="How long requests of a host may take to end.")
    ] = "10m",
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Run site.yml on one host after another, each drained before and proved after; stop at the first that fails."""
    # With Ansible, which the run needs anyway.
    cluster = options.read(inventory, anew=True)
    from hybrid_cluster.command import hosts
    from hybrid_cluster.command.upgrade import Wish
    from hybrid_cluster.command.upgrade import upgrade as run

    wish = Wish(limit, options.split(tags), hosts.seconds(drain_within))
    return run(cluster, wish, gateway, as_json=as_json)
