# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.mac_network import UNBRIDGED, dhcp, order, ports, setup
from tests.unit.plugins.recorded import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Call


def locations(current: str, *names: str) -> list[Call]:
    return [setup("-listlocations", out="\n".join(names) + "\n"), setup("-getcurrentlocation", out=f"{current}\n")]


SERVICE = {"services": [{"device": "en0", "ipv6": "off"}]}
HEAD = [ports(), order(UNBRIDGED)]
MOVES = "The network location changes from {} to {}: every address of this host may change."
NEW = "The network location Cluster is new: all its services start with DHCP until they are set."
LATER = "The services of the other location can only be looked at after the switch to it."

# (options, what is read before, what is run and read after that, changed, warnings)
CASES = [
    pytest.param({"location": "Cluster"}, locations("Cluster", "Automatic", "Cluster"), [], False, [], id="in-use"),
    pytest.param({"location_absent": "exo"}, locations("Automatic", "Automatic"), [], False, [], id="absent-already"),
    pytest.param(
        {"location": "Cluster"},
        locations("Automatic", "Automatic"),
        [
            setup("-createlocation", "Cluster", "populate", out="whatever it prints\n"),
            setup("-switchtolocation", "Cluster", out="whatever it prints\n"),
            *locations("Cluster", "Automatic", "Cluster"),
        ],
        True,
        [NEW, MOVES.format("Automatic", "Cluster")],
        id="created-and-switched-to",
    ),
    pytest.param(
        {"location": "Cluster", **SERVICE},
        locations("Automatic", "Automatic", "Cluster"),
        [
            setup("-switchtolocation", "Cluster"),
            *locations("Cluster", "Automatic", "Cluster"),
            *HEAD,
            dhcp("Ethernet"),
            setup("-setv6off", "Ethernet"),
            *HEAD,
            dhcp("Ethernet", ipv6="Off"),
        ],
        True,
        [MOVES.format("Automatic", "Cluster"), LATER],
        id="services-are-the-new-location-s",
    ),
    pytest.param(
        {"location_absent": "exo"},
        locations("exo", "Automatisch", "exo"),
        [
            setup("-switchtolocation", "Automatisch"),
            setup("-deletelocation", "exo"),
            *locations("Automatisch", "Automatisch"),
        ],
        True,
        [MOVES.format("exo", "Automatisch")],
        id="left-and-removed",
    ),
    pytest.param(
        {"location_absent": "exo"},
        locations("Automatic", "Automatic", "exo"),
        [setup("-deletelocation", "exo"), *locations("Automatic", "Automatic")],
        True,
        [],
        id="removed",
    ),
]


@pytest.mark.parametrize(("args", "reads", "writes", "changed", "warnings"), CASES)
def test_locations(
    *,
    args: dict[str, Any],
    reads: list[Call],
    writes: list[Call],
    changed: bool,
    warnings: list[str],
    run_module: Callable[..., dict[str, Any]],
) -> None:
    predicted = run_module("macos_network", args, reads, check=True)
    result = run_module("macos_network", args, [*reads, *writes])
    assert predicted["changed"] is result["changed"] is changed
    assert warnings_of(predicted) == warnings
    assert [text for text in warnings_of(result) if text != LATER] == [one for one in warnings if one != LATER]


FAILURES = [
    pytest.param(
        {"location": "Cluster"},
        [
            *locations("Automatic", "Automatic", "Cluster"),
            setup("-switchtolocation", "Cluster"),
            *locations("Automatic", "Automatic", "Cluster"),
        ],
        "The network locations should be Automatic, Cluster with Cluster in use, but are Automatic, Cluster with"
        " Automatic in use.",
        id="read-back-mismatch",
    ),
    pytest.param(
        {"location": "exo", "location_absent": "exo"},
        locations("exo", "Automatic", "exo"),
        "The network location exo cannot be removed: it is the one to be used.",
        id="wanted-and-unwanted",
    ),
    pytest.param(
        {"location_absent": "Automatic"},
        locations("Automatic", "Automatic"),
        "The network location Automatic cannot be removed: it is the one to be used.",
        id="the-only-one",
    ),
    pytest.param(
        {"location": "Cluster"},
        [
            *locations("Automatic", "Automatic", "Cluster"),
            setup("-switchtolocation", "Cluster", rc=14, out="** Error: Command requires admin privileges.\n"),
        ],
        "`networksetup -switchtolocation Cluster` failed with status 14: ** Error: Command requires admin privileges.",
        id="refused",
    ),
]


@pytest.mark.parametrize(("args", "calls", "message"), FAILURES)
def test_failures(
    args: dict[str, Any], calls: list[Call], message: str, run_module: Callable[..., dict[str, Any]]
) -> None:
    result = run_module("macos_network", args, calls)
    assert (result.get("failed"), result["msg"]) == (True, message)
