# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command line of `cluster chat`."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_cluster.command import options


def chat(  # noqa: PLR0917 - Typer passes them by name
    model: options.Model,
    system: Annotated[
        str | None, typer.Option("--system", metavar="TEXT", help="What the model is told before the first question.")
    ] = None,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Talk to a model; a question on standard input is answered, and that is all."""
    from hybrid_cluster.command import chat as talk
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory)
    return talk.chat(find(cluster, gateway), model, system, as_json=as_json)
