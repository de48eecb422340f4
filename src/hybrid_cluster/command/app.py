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

from hybrid_cluster.command import exits, output, prometheus
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from hybrid_cluster.command.inventory import Cluster

    Collect = Callable[[], Any]
    Render = Callable[[Any], RenderableType]

app = typer.Typer(
    name="cluster",
    help="Look at the AI cluster of an inventory, and have it configured.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
_verbose = {"-v": False}


def _note_verbose(value: bool) -> bool:
    _verbose["-v"] = _verbose["-v"] or value
    return value


Inventories = Annotated[
    list[str] | None,
    typer.Option(
        *("-i", "--inventory"),
        metavar="PATH",
        help="The inventory; else that of ANSIBLE_INVENTORY, of ansible.cfg, or inventories/home.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON for programs.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", callback=_note_verbose, help="Show where an error came from.")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--prometheus",
        metavar="URL",
        envvar=prometheus.ADDRESS,
        help="A Prometheus with the cluster's metrics; else that of the management node.",
        show_default=False,
    ),
]


def _read(inventories: list[str] | None, *, anew: bool = False) -> Cluster:
    from hybrid_cluster.command import inventory

    return inventory.read(inventories or (), anew=anew)


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
    inventory: Inventories = None,
    address: Address = None,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Show it again until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(metavar="SECONDS", min=0.5, help="How often.")] = 5.0,
    as_json: Json = False,
    verbose: Verbose = False,  # noqa: ARG001 - its callback takes note
) -> None:
    """Show what all hosts are together, then each of them, what it serves and what is wrong."""
    from hybrid_cluster.command import status as page
    from hybrid_cluster.command.measured import Source

    cluster = _read(inventory)
    source = Source(cluster, address)

    def collect() -> Any:
        return page.collect(cluster, source)

    if watch:
        _watch(as_json, collect, page.render, every)
    _show(as_json, collect, page.render)


@app.command()
def topology(
    inventory: Inventories = None,
    address: Address = None,
    as_json: Json = False,
    verbose: Verbose = False,  # noqa: ARG001
) -> None:
    """Draw the Thunderbolt cables: links, speed, loops, RDMA, and what goes over them now."""
    from hybrid_cluster.command import topology as page
    from hybrid_cluster.command.measured import Source

    cluster = _read(inventory)
    # Where the terminal has no lines, hyphens are drawn.
    ascii_only = not output.console().encoding.lower().startswith("utf")
    _show(
        as_json,
        lambda: page.collect(cluster, Source(cluster, address)),
        lambda document: page.render(document, ascii_only=ascii_only),
    )


@app.command()
def models(
    inventory: Inventories = None,
    address: Address = None,
    as_json: Json = False,
    verbose: Verbose = False,  # noqa: ARG001
) -> None:
    """List the models of the inventory, and which of them answers where."""
    from hybrid_cluster.command import models as page
    from hybrid_cluster.command.measured import Source

    cluster = _read(inventory)
    _show(as_json, lambda: page.collect(cluster, Source(cluster, address)), page.render)


def _complete_tags(incomplete: str) -> list[str]:
    from hybrid_cluster.command import project

    project.prepare()
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

    known = {tag for capability in registry().capabilities.values() for tag in capability.tags}
    return sorted(tag for tag in known if tag.startswith(incomplete))


def _complete_limit(context: typer.Context, incomplete: str) -> list[str]:
    try:
        cluster = _read(context.params.get("inventory"))
    except ClusterError:
        return []
    return sorted(name for name in {*cluster.hosts, *cluster.groups} if name.startswith(incomplete))


@app.command(name="apply")
def apply_(  # noqa: PLR0917
    inventory: Inventories = None,
    tags: Annotated[
        list[str] | None,
        typer.Option(
            *("-t", "--tags"),
            help="Roles and playbooks, with commas between them; else all.",
            autocompletion=_complete_tags,
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option(
            *("-l", "--limit"),
            help="Hosts and groups, as Ansible writes them; else all.",
            autocompletion=_complete_limit,
            show_default=False,
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Predict, and change nothing.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,  # noqa: ARG001
) -> int:
    """Run site.yml, show how far it is, what it changes, and the first failure in full."""
    # With Ansible, which the run needs anyway.
    cluster = _read(inventory, anew=True)
    from hybrid_cluster.command.apply import Wish, apply

    words = tuple(word.strip() for text in tags or () for word in text.split(",") if word.strip())
    return apply(cluster, Wish(words, limit, is_check=check), as_json=as_json)


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
    if _verbose["-v"]:
        traceback.print_exc()
