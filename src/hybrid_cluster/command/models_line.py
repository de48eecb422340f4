# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command lines of `cluster models`."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_cluster.command import options, output

app = options.group("List the models of the inventory, and which of them answers where.", alone=True)
_FILES = ("model_store", "model_files")
"""The capabilities that bring files of models to where they are served."""


@app.callback()
def models(
    context: typer.Context,
    inventory: options.Inventories = None,
    address: options.Prometheus = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> None:
    """List the models of the inventory, and which of them answers where; or fetch, load and unload them."""
    context.obj = inventory
    if context.invoked_subcommand is not None:
        return
    from hybrid_cluster.command import models as page
    from hybrid_cluster.command.measured import Source

    cluster = options.read(inventory)
    document = page.collect(cluster, Source(cluster, address))
    if as_json:
        output.show_json(document)
    else:
        output.console().print(page.render(document))


@app.command()
def pull(
    context: typer.Context,
    inventory: options.Inventories = None,
    check: Annotated[bool, typer.Option("--check", help="Predict, and change nothing.")] = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Fetch the models of the table that are missing, and hand them to the hosts that serve them."""
    cluster = options.read(inventory or context.obj)
    from hybrid_cluster.command.apply import Wish, apply

    return apply(cluster, Wish(_FILES, is_check=check), as_json=as_json)


@app.command()
def load(  # noqa: PLR0917 - Typer passes them by name
    context: typer.Context,
    model: options.Model,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    no_wait: options.NoWait = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Wake the hosts of a model, all of them, and have it answer a token on each."""
    from hybrid_cluster.command import loading
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory or context.obj)
    return loading.load(cluster, find(cluster, gateway), model, wait=not no_wait, as_json=as_json)


@app.command()
def unload(  # noqa: PLR0917 - Typer passes them by name
    context: typer.Context,
    model: options.Model,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Have llama.cpp or Ollama let go of a model until somebody asks it; other backends cannot."""
    from hybrid_cluster.command import loading
    from hybrid_cluster.command.gateway import find

    cluster = options.read(inventory or context.obj)
    return loading.unload(cluster, find(cluster, gateway), model, as_json=as_json)
