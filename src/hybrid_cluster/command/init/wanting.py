# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a person decides once the machines and their cables are known: networks, who does what, and models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.init import models, naming, questions, texts
from hybrid_cluster.command.init.questions import NONE, Question
from hybrid_cluster.command.output import natural

if TYPE_CHECKING:
    from hybrid_cluster.command.init.cables import Merged
    from hybrid_cluster.command.init.existing import Existing
    from hybrid_cluster.command.init.gather import Known
    from hybrid_cluster.command.init.questions import Questions

HUB = "HF_ENDPOINT"
"""Environment variable: another model hub than the default of model_store_endpoint."""


def want(before: Existing, known: Known, merged: Merged, user: str, asked: Questions) -> texts.Wanted:
    """Ask what is left to decide, and return what the inventory is to have more than it has."""
    values = _values(before, known, user, asked) if before.cluster is None else {}
    groups = _groups(before, known, asked)
    values |= _models(before, known, groups, asked)
    return texts.Wanted(merged, known.new, groups, values)


def _values(before: Existing, known: Known, user: str, asked: Questions) -> dict[str, Any]:
    """Ask for what is true for all hosts of a new inventory; what somebody has written beside it stays."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._domains import domain_fault

    addresses = [host.address for host in known.new.values()]
    network, router = naming.lan(known.machines.values(), addresses)
    values: dict[str, Any] = {"ansible_user": user}
    values["cluster_domain"] = asked.put(
        Question(
            "domain",
            "Domain of the cluster",
            "Hosts are named mini1.home.arpa and so on. home.arpa and internal are nobody's.",
            "home.arpa",
            domain_fault,
        )
    )
    values["cluster_lan_subnet"] = asked.put(
        Question(
            "subnet",
            "Local network",
            "The network that the hosts have their addresses in, as the machines say.",
            network,
            lambda answer: naming.subnet_fault(answer, addresses),
        )
    )
    values["cluster_lan_gateway"] = asked.put(
        Question("router", "Its router", "The way to the internet, as the machines say.", router, naming.address_fault)
    )
    values["thunderbolt_subnet"] = naming.cable_subnet(values["cluster_lan_subnet"])
    return {name: value for name, value in values.items() if not before.says(name)}


def _groups(before: Existing, known: Known, asked: Questions) -> dict[str, list[str]]:
    """Ask which hosts do what; of an inventory that is there already, only new hosts join."""
    groups: dict[str, list[str]] = {}
    names = sorted(known.new, key=natural)
    if names and not before.members("management"):
        answer = asked.put(
            Question(
                "management",
                "Host that manages",
                "It downloads once for all, answers names and has the dashboards. A Linux machine, or a Mac on which"
                f" somebody has installed Homebrew; {NONE} leaves all that out.",
                naming.manager({name: known.machines[name] for name in names}) or NONE,
                questions.one_of(names),
            )
        )
        groups["management"] = [] if answer == NONE else [answer]
    macs = [name for name in names if known.new[name].is_mac]
    if macs:
        answer = asked.put(
            Question(
                "exo",
                "Macs that serve models together",
                "exo spreads a model over them. By default all of them.",
                questions.written(macs),
                questions.some_of(macs),
            )
        )
        groups["exo"] = questions.chosen(answer)
    cards = [name for name in names if known.machines[name].has_nvidia]
    if cards:
        answer = asked.put(
            Question(
                "gpu",
                "Machines whose NVIDIA cards are used",
                "They get the driver that serves their cards, and may be rebooted once for it. By default all of them.",
                questions.written(cards),
                questions.some_of(cards),
            )
        )
        groups["gpu"] = questions.chosen(answer)
    return groups


def _models(before: Existing, known: Known, groups: dict[str, list[str]], asked: Questions) -> dict[str, Any]:
    """Propose models to an inventory that names none."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import load_defaults

    members = [*before.members("exo"), *groups.get("exo", ())]
    space = models.room(known.machines, members)
    fitting = models.fitting(space)
    if before.has_models or not fitting:
        return {}
    listed = ", ".join(f"{one.name} ({one.memory_gigabytes:g} GB)" for one in fitting)
    answer = asked.put(
        Question(
            "models",
            "Models to serve",
            f"The Macs have room for {space:.0f} GB of models together, which these fit into: {listed}. By default the"
            f" largest that leaves half of it free; {NONE} leaves it to cluster_models, see docs/models.md.",
            models.default(fitting, space or 0).name,
            questions.some_of([one.name for one in fitting]),
        )
    )
    chosen = [one for one in fitting if one.name in questions.chosen(answer)]
    if not chosen:
        return {}
    defaults = load_defaults()
    endpoint = os.environ.get(HUB) or str(defaults["model_store_endpoint"])
    taken = models.take(chosen, endpoint, [str(one) for one in defaults["model_store_accepted_licenses"]])
    known.notes += taken.notes
    if not taken.models:
        return {}
    manages = [*before.members("management"), *groups.get("management", ())]
    # The management node fetches, unless there is none.
    return {"cluster_models": taken.models} | ({} if manages else {"cluster_model_store": members[0]})
