# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the command lines of all commands have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hybrid_cluster.command import gateway, prometheus
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from hybrid_cluster.command.inventory import Cluster

is_verbose = {"-v": False}
"""Whether a traceback is wanted, wherever on the line that was said."""


def _note_verbose(value: bool) -> bool:
    is_verbose["-v"] = is_verbose["-v"] or value
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
Prometheus = Annotated[
    str | None,
    typer.Option(
        "--prometheus",
        metavar="URL",
        envvar=prometheus.ADDRESS,
        help="A Prometheus with the cluster's metrics; else that of the management node.",
        show_default=False,
    ),
]
Gateway = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        metavar="URL",
        envvar=gateway.ADDRESS,
        help="Where the gateway answers; else the management node.",
        show_default=False,
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Give the order, and do not wait for what comes of it.")]


def group(text: str, name: str | None = None, *, alone: bool = False) -> typer.Typer:
    """Return a group of commands; `alone` says that it is a command itself."""
    return typer.Typer(
        name=name,
        help=text,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        invoke_without_command=alone,
        no_args_is_help=not alone,
    )


def read(inventories: list[str] | None, *, anew: bool = False) -> Cluster:
    """Read the inventory; `anew` also where it is known already."""
    from hybrid_cluster.command import inventory

    return inventory.read(inventories or (), anew=anew)


def _complete(context: typer.Context, incomplete: str, *kinds: str) -> list[str]:
    try:
        cluster = read(context.params.get("inventory"))
        known = {
            "hosts": lambda: cluster.hosts,
            "groups": lambda: cluster.groups,
            "models": lambda: [name for row in cluster.models for name in (row["name"], *row["aliases"])],
        }
        names = {name for kind in kinds for name in known[kind]()}
    except ClusterError:
        return []
    return sorted(name for name in names if name.startswith(incomplete))


def complete_limit(context: typer.Context, incomplete: str) -> list[str]:
    """Offer hosts and groups."""
    return _complete(context, incomplete, "hosts", "groups")


def complete_host(context: typer.Context, incomplete: str) -> list[str]:
    """Offer hosts."""
    return _complete(context, incomplete, "hosts")


def complete_model(context: typer.Context, incomplete: str) -> list[str]:
    """Offer models."""
    return _complete(context, incomplete, "models")


def complete_host_or_model(context: typer.Context, incomplete: str) -> list[str]:
    """Offer both."""
    return _complete(context, incomplete, "hosts", "models")


def _complete_tags(incomplete: str) -> list[str]:
    from hybrid_cluster.command import project

    project.prepare()
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

    known = {tag for capability in registry().capabilities.values() for tag in capability.tags}
    return sorted(tag for tag in known if tag.startswith(incomplete))


Tags = Annotated[
    list[str] | None,
    typer.Option(
        *("-t", "--tags"),
        help="Roles and playbooks, with commas between them; else all.",
        autocompletion=_complete_tags,
        show_default=False,
    ),
]


def split(tags: list[str] | None) -> tuple[str, ...]:
    """Return the tags of a command line, each by itself."""
    return tuple(word.strip() for text in tags or () for word in text.split(",") if word.strip())


Host = Annotated[str, typer.Argument(metavar="HOST", autocompletion=complete_host, show_default=False)]
Model = Annotated[str, typer.Argument(metavar="MODEL", autocompletion=complete_model, show_default=False)]
Limit = Annotated[
    str | None,
    typer.Option(
        *("-l", "--limit"),
        help="Hosts and groups, as Ansible writes them; else all.",
        autocompletion=complete_limit,
        show_default=False,
    ),
]
