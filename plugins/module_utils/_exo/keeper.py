# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper of a node says about the models that exo serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch, HttpError, fetch_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECONDS = 10.0


def look(url: str, models: Iterable[str], gone: Iterable[str], fetch: Fetch) -> tuple[dict[str, Any], list[str]]:
    """Return the keeper's status, and what is missing, a sentence each."""
    try:
        status = fetch_json(fetch, url, SECONDS)
    except HttpError as error:
        return {}, [f"The keeper of exo's models does not answer: {str(error).rstrip('.')}."]
    if not isinstance(status, dict) or not isinstance(status.get("models"), list):
        return {}, [f"{url} gives no status of a keeper, so something else answers there."]
    sentences = [sentence for name in models if (sentence := fault(status, name))]
    sentences += [
        f"{name} is still placed, and the table does not serve it." for name in gone if _is_there(status, name)
    ]
    return status, sentences


def _is_there(status: Mapping[str, Any], name: str) -> bool:
    return name in (status.get("leaving") or ())


def model_of(status: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what is said of a model, nothing where it is not known."""
    models: list[dict[str, Any]] = status.get("models") or []
    return next((model for model in models if model.get("name") == name), {})


def refusals(status: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return why models are not placed, a sentence each, where no waiting places them."""
    return [str(model["refusal"]) for name in names if (model := model_of(status, name)).get("refusal")]


def fault(status: Mapping[str, Any], name: str) -> str:
    """Say what keeps a model from being served as wanted, or nothing."""
    model = model_of(status, name)
    if not model:
        return f"The keeper does not know {name}: run --tags exo_models."
    if not status.get("node_id"):
        return f"{name} is not served: exo on {status.get('node')} does not answer."
    if model.get("state") == "ready" and model.get("wanted"):
        return ""
    if model.get("refusal"):
        return str(model["refusal"])
    reason = str(model.get("error") or "its runners are not ready")
    if model.get("state") == "ready":
        return f"{name} answers, but not yet as the table wants it: {reason}."
    return f"{name} cannot answer for {float(model.get('seconds') or 0):.0f} seconds: {reason}."


def described(model: Mapping[str, Any]) -> str:
    """Return where a model is and why, in words."""
    nodes = [str(node) for node in model.get("nodes") or ()]
    where = f"on {', '.join(nodes)}" if nodes else "on no node"
    why = f" ({model['why']})" if model.get("why") else ""
    return f"{model.get('state', 'unknown')} {where}{why}"
