# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command line: options, and what becomes of a failure."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from hybrid_cluster.command import chat_line, exits, hosts_line, keys_line, models_line, options, output, rotation_line
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    Collect = Callable[[], Any]
    Render = Callable[[Any], RenderableType]

app = options.group("Look at the AI cluster of an inventory, have it configured, and use it.", "cluster")


def _show(as_json: bool, collect: Collect, render: Render) -> None:
    document = collect()
    if as_json:
        output.show_json(document)
    else:
        output.console().print(render(document))


def _watch(as_json: bool, collect: Collect, render: Render, seconds: float) -> None:
    """Show it again and again: in place on a terminal, one after the other in a pipe."""
    console = output.console()
    if as_json or not console.is_terminal:
        while True:
            _show(as_json, collect, render)
            time.sleep(seconds)
    from rich.live import Live

    with Live(render(collect()), console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            time.sleep(seconds)
            live.update(render(collect()), refresh=True)


@app.command()
def status(  # noqa: PLR0917 - Typer passes them by name
    inventory: options.Inventories = None,
    address: options.Prometheus = None,
    gateway: options.Gateway = None,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Show it again until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(metavar="SECONDS", min=0.5, help="How often.")] = 5.0,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> None:
    """Show what all hosts are together, then each of them, what it serves and what is wrong."""
    from hybrid_cluster.command import status as page
    from hybrid_cluster.command.gateway import Witness
    from hybrid_cluster.command.measured import Source

    cluster = options.read(inventory)
    source, witness = Source(cluster, address), Witness(cluster, gateway)

    def collect() -> Any:
        return page.collect(cluster, source, witness)

    if watch:
        _watch(as_json, collect, page.render, every)
    _show(as_json, collect, page.render)


@app.command()
def topology(
    inventory: options.Inventories = None,
    address: options.Prometheus = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> None:
    """Draw the Thunderbolt cables: links, speed, loops, RDMA, and what goes over them now."""
    from hybrid_cluster.command import topology as page
    from hybrid_cluster.command.measured import Source

    cluster = options.read(inventory)
    # Where the terminal has no lines, hyphens are drawn.
    ascii_only = not output.console().encoding.lower().startswith("utf")
    _show(
        as_json,
        lambda: page.collect(cluster, Source(cluster, address)),
        lambda document: page.render(document, ascii_only=ascii_only),
    )


@app.command(name="apply")
def apply_(  # noqa: PLR0917 - Typer passes them by name
    inventory: options.Inventories = None,
    tags: options.Tags = None,
    limit: options.Limit = None,
    check: Annotated[bool, typer.Option("--check", help="Predict, and change nothing.")] = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Run site.yml, show how far it is, what it changes, and the first failure in full."""
    # With Ansible, which the run needs anyway.
    cluster = options.read(inventory, anew=True)
    from hybrid_cluster.command.apply import Wish, apply

    return apply(cluster, Wish(options.split(tags), limit, is_check=check), as_json=as_json)


@app.command()
def init(  # noqa: PLR0917 - Typer passes them by name
    inventory: Annotated[
        str | None,
        typer.Option("-i", "--inventory", metavar="FOLDER", help="What to write; else inventories/home."),
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]ADDRESS", help="A machine, or several, besides those that are found."),
    ] = None,
    search: Annotated[float, typer.Option(metavar="SECONDS", min=0, max=60, help="How long to listen for Macs.")] = 3.0,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="The administrator on the machines.")] = None,
    password_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its password, where no key opens them yet.")
    ] = None,
    domain: Annotated[str | None, typer.Option(metavar="NAME", help="The cluster's domain.")] = None,
    subnet: Annotated[str | None, typer.Option(metavar="NETWORK", help="The local network.")] = None,
    router: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Its router.")] = None,
    management: Annotated[str | None, typer.Option(metavar="HOST", help="The host that manages, or none.")] = None,
    exo: Annotated[str | None, typer.Option(metavar="HOSTS", help="Macs that serve together, or none.")] = None,
    gpu: Annotated[
        str | None, typer.Option(metavar="HOSTS", help="Hosts whose NVIDIA cards are used, or none.")
    ] = None,
    models: Annotated[str | None, typer.Option(metavar="NAMES", help="Models of those that fit, or none.")] = None,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Ask nothing: take the defaults, and write.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Show what would be written, and write nothing.")] = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Write an inventory: find machines, read which ports are cabled, propose models; again, bring it up to date."""
    from hybrid_cluster.command import init as making

    answers = {
        "user": user,
        "domain": domain,
        "subnet": subnet,
        "router": router,
        "management": management,
        "exo": exo,
        "gpu": gpu,
        "models": models,
    }
    given = {name: answer for name, answer in answers.items() if answer is not None}
    wish = making.Wish(inventory, tuple(address or ()), given, password_file, search, yes, check)
    return making.init(wish, as_json=as_json)


@app.command()
def doctor(  # noqa: PLR0917 - Typer passes them by name
    inventory: options.Inventories = None,
    limit: options.Limit = None,
    address: options.Prometheus = None,
    wake: Annotated[bool, typer.Option("--wake", help="Wake hosts that sleep, and look at them too.")] = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Look for what people have run into, and say what helps."""
    cluster = options.read(inventory, anew=True)
    from hybrid_cluster.command import doctor as look

    return look.doctor(cluster, limit, address, wake=wake, as_json=as_json)


@app.command()
def bench(  # noqa: PLR0917 - Typer passes them by name
    inventory: options.Inventories = None,
    limit: options.Limit = None,
    address: options.Prometheus = None,
    only: Annotated[str | None, typer.Option(metavar="PARTS", help="Of api, links and models; else all.")] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A model, or several; else all.")] = None,
    requests: Annotated[int, typer.Option(min=10, help="How often each thing is measured.")] = 10,
    tokens: Annotated[int, typer.Option(min=2, help="How long answers may be.")] = 64,
    at_once: Annotated[str, typer.Option(metavar="NUMBERS", help="How many requests at a time.")] = "1,4",
    direct: Annotated[bool, typer.Option("--direct", help="Ask backends, not the gateway.")] = False,
    compare: Annotated[str | None, typer.Option(metavar="FILE", help="An earlier run, or last.")] = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Measure how fast APIs, links between hosts, and models are."""
    cluster = options.read(inventory)
    from hybrid_cluster.command import bench as measuring
    from hybrid_cluster.command.bench.models import Wish

    how = Wish(requests, tokens, measuring.numbers(at_once), direct)
    return measuring.bench(cluster, measuring.wish(limit, only, model, how, compare), address, as_json=as_json)


@app.command()
def energy(  # noqa: PLR0917 - Typer passes them by name
    inventory: options.Inventories = None,
    address: options.Prometheus = None,
    days: Annotated[float, typer.Option(min=0.1, max=90, help="Of how many days until now.")] = 7.0,
    asleep_watts: Annotated[float | None, typer.Option(metavar="W", min=0, help="What a group draws asleep.")] = None,
    price: Annotated[float | None, typer.Option(metavar="MONEY", min=0, help="What a kWh costs.")] = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> None:
    """Show what hosts have drawn and how long they have slept, with what the figures rest on."""
    from hybrid_cluster.command import energy as page
    from hybrid_cluster.command.measured import Source

    cluster = options.read(inventory)
    _show(
        as_json,
        lambda: page.collect(cluster, Source(cluster, address, page.SECONDS), days, asleep_watts, price),
        page.render,
    )


hosts_line.add_to(app)
rotation_line.add_to(app)
app.add_typer(models_line.app, name="models")
app.command()(chat_line.chat)
app.add_typer(keys_line.app, name="keys")


def run(arguments: list[str]) -> int:
    """Run the command and return what it ends with; an expected failure is one line on standard error."""
    try:
        result = app(arguments or ["--help"], prog_name="cluster", standalone_mode=False)
    except TyperException as error:
        _trace()
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        output.say_error(f"{message} `cluster --help` lists what there is.")
        return exits.USAGE
    except ClusterError as error:
        _trace()
        output.say_error(error)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return exits.INTERRUPTED
    except BrokenPipeError:
        # Who reads has enough; the interpreter must not flush into the closed pipe at its end.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except Exception as error:
        _trace()
        output.say_error(f"{type(error).__name__}: {error} (unforeseen; -v shows where)")
        return exits.FAILED
    return result if isinstance(result, int) else exits.OK


def _trace() -> None:
    if options.is_verbose["-v"]:
        traceback.print_exc()
