# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command lines of `cluster keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hybrid_cluster.command import options

if TYPE_CHECKING:
    from hybrid_cluster.command.gateway import Gateway

app = options.group("Make, list, limit and end the keys of those who ask models.")

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Models = Annotated[str | None, typer.Option("--models", metavar="NAMES", help="With commas between them; none: all.")]
PerMinute = Annotated[str | None, typer.Option("--requests-per-minute", metavar="N", help="A number, or none.")]
AtOnce = Annotated[str | None, typer.Option("--concurrent-requests", metavar="N", help="A number, or none.")]
BodyBytes = Annotated[str | None, typer.Option("--body-bytes", metavar="N", help="The largest request, or none.")]
PerDay = Annotated[str | None, typer.Option("--tokens-per-day", metavar="N", help="Of prompts and answers, or none.")]


def _gateway(inventory: list[str] | None, address: str | None) -> Gateway:
    from hybrid_cluster.command.gateway import find

    return find(options.read(inventory), address)


@app.command()
def create(  # noqa: PLR0917 - Typer passes them by name
    name: Name,
    models: Models = None,
    requests_per_minute: PerMinute = None,
    concurrent_requests: AtOnce = None,
    body_bytes: BodyBytes = None,
    tokens_per_day: PerDay = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="2027-12-31, or a time such as 30d.")] = None,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Make a key, and print its secret: this once, for the gateway keeps a hash of it."""
    from hybrid_cluster.command import keys

    limits = _limits(models, requests_per_minute, concurrent_requests, body_bytes, tokens_per_day)
    fields = keys.fields(name, limits) | ({} if expires is None else {"expires": keys.end(expires)})
    return keys.show_secret(_gateway(inventory, gateway), "keys/create", fields, as_json=as_json)


@app.command(name="list")
def list_(
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """List the keys, what they may do and have used today; administrators' too."""
    from hybrid_cluster.command import keys

    return keys.show(_gateway(inventory, gateway).administer("keys"), as_json=as_json)


@app.command()
def rotate(  # noqa: PLR0917 - Typer passes them by name
    name: Name,
    grace: Annotated[str, typer.Option(metavar="TIME", help="How long the secret before is good: 24h.")] = "0s",
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Give a key another secret, and print it: this once."""
    from hybrid_cluster.command import keys

    fields = {"name": name, "grace": keys.seconds(grace)}
    return keys.show_secret(_gateway(inventory, gateway), "keys/rotate", fields, as_json=as_json)


@app.command()
def limit(  # noqa: PLR0917 - Typer passes them by name
    name: Name,
    models: Models = None,
    requests_per_minute: PerMinute = None,
    concurrent_requests: AtOnce = None,
    body_bytes: BodyBytes = None,
    tokens_per_day: PerDay = None,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Change what a key may do; what is not named stays, and none ends a limit."""
    from hybrid_cluster.command import keys

    limits = _limits(models, requests_per_minute, concurrent_requests, body_bytes, tokens_per_day)
    fields = keys.fields(name, limits)
    return keys.show(_gateway(inventory, gateway).administer("keys/limit", fields), as_json=as_json)


@app.command()
def expire(  # noqa: PLR0917 - Typer passes them by name
    name: Name,
    when: Annotated[str, typer.Argument(metavar="WHEN", help="2027-12-31, 30d, or never.", show_default=False)],
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """Change when a key ends: with a day of UTC, after a time, or never."""
    from hybrid_cluster.command import keys

    fields = {"name": name, "expires": keys.end(when)}
    return keys.show(_gateway(inventory, gateway).administer("keys/limit", fields), as_json=as_json)


@app.command()
def revoke(
    name: Name,
    inventory: options.Inventories = None,
    gateway: options.Gateway = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,  # noqa: ARG001 - its callback takes note
) -> int:
    """End a key at once."""
    from hybrid_cluster.command import output

    done = _gateway(inventory, gateway).administer("keys/revoke", {"name": name})
    if as_json:
        output.show_json(done)
    else:
        output.console().print(output.words(f"{done['revoked']} is revoked."))
    return 0


def _limits(
    models: str | None, per_minute: str | None, at_once: str | None, body: str | None, per_day: str | None
) -> dict[str, str | None]:
    return {
        "models": models,
        "requests_per_minute": per_minute,
        "concurrent_requests": at_once,
        "body_bytes": body,
        "tokens_per_day": per_day,
    }
