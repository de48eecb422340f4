# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The register of traps: what people have run into, how each is found, what it does to them, and what helps.

Most are found by lines of the node report, which `playbooks/verify.yml` measures; what needs a look from this machine,
or at several hosts together, has a function in `here`, `addresses` or `across`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Line = Mapping[str, Any]


@dataclass(frozen=True)
class Lines:
    """Lines of the report: all of a kind, or those whose title, or what they measured, has some words."""

    check: str | None = None
    title: str = ""
    said: str = ""
    """A regular expression for what was measured and advised."""

    def match(self, line: Line) -> bool:
        """Tell whether it is one of them."""
        said = f"{line.get('measured', '')} {line.get('advice', '')}"
        return (
            self.check in (None, line.get("check"))
            and bool(re.fullmatch(self.title or ".*", str(line.get("title", "")), re.DOTALL))
            and bool(re.search(self.said, said, re.IGNORECASE))
        )


@dataclass(frozen=True)
class Trap:
    """One of them."""

    name: str
    sentence: str
    """What it does to people."""
    fix: str
    """What to do, where the line itself does not say it."""
    lines: tuple[Lines, ...] = ()
    trouble: str = ""
    """A regular expression for why a run could not complete a host."""
    by_hand: bool = False
    """Whether code in `across` or `here` looks for it too."""


def _setting(title: str) -> Lines:
    return Lines("macos_setting", title)


# The more telling before what follows from it: a line belongs to the first that it matches.
TRAPS = (
    Trap(
        "filevault",
        "A Mac with FileVault on, or on by itself soon, stops after every restart until somebody gives the password.",
        "Log in by ssh with the password of a user who may unlock it, which ends the connection, and then it starts.",
        (_setting("FileVault"),),
        "FileVault password",
    ),
    Trap(
        "login-items",
        "A daemon that is switched off under Login Items, or in launchd, is not there after the next restart.",
        "Allow it at the screen: System Settings, General, Login Items & Extensions; then repeat site.yml.",
        (Lines("service", said="has not loaded it|switched off in launchd"),),
    ),
    Trap(
        "exo-network-daemon",
        "exo's network daemon sets every port to DHCP about each half hour, and takes fixed addresses away.",
        "Repeat site.yml with --tags exo, which removes it; never start the app EXO on these Macs.",
        (Lines("launchd_absent"),),
    ),
    Trap(
        "local-network-privacy",
        "macOS keeps programs from the local network that nobody allowed: no route to a host, as if that were off.",
        "Allow it in System Settings, Privacy & Security, Local Network, or start it as a daemon or from ssh.",
        (Lines(said="no route to host"),),
        by_hand=True,
    ),
    Trap(
        "mdns-blindness",
        "exo hears of the others when it starts, and then seldom: who missed that stays alone, and all can be reached.",
        "Restart exo on that host alone, not on the others, whose models would go; and do not list the others as"
        " bootstrap peers, which ends exo within minutes.",
        (Lines("exo_cluster", said="does not see"),),
    ),
    Trap(
        "exo-cluster",
        "exo shares a model only among nodes that see and reach each other.",
        "Repeat site.yml with --tags exo and without a limit.",
        (Lines("exo_cluster"),),
    ),
    Trap(
        "other-address",
        "A host that got another address is down for everybody who has the old one.",
        "Write its address as ansible_host, and have the router give it the same one always.",
        by_hand=True,
    ),
    Trap(
        "thunderbolt-4",
        "Thunderbolt 4 ports and cables pass for Thunderbolt 5: they fit, work at half the speed, and have no RDMA.",
        "Write thunderbolt_rdma: false, or take Macs and cables of Thunderbolt 5.",
        (Lines("rdma"), Lines("thunderbolt_cable", said="made for 80 Gb/s")),
        by_hand=True,
    ),
    Trap(
        "exo-rdma-notice",
        "exo asks to enable RDMA on Macs of Thunderbolt 4 too, where nothing can enable it.",
        "Ignore what exo shows about it.",
        by_hand=True,
    ),
    Trap(
        "wrong-interface",
        "What should go over a cable or the LAN takes another way, which is slower or ends nowhere.",
        "Repeat site.yml with --tags thunderbolt,firewall.",
        tuple(Lines(kind) for kind in ("addresses", "bridge", "default_route", "exo_over_thunderbolt", "traffic_path")),
    ),
    Trap(
        "cable",
        "A cable that is loose, slow or at another port is missing from the network that exo was given.",
        "Look at both ends of the cable; `cluster topology` draws which goes where.",
        (Lines("link"), Lines("thunderbolt_cable"), Lines("thunderbolt_external")),
    ),
    Trap(
        "clock",
        "Where clocks differ, certificates are not valid yet, and figures and logs do not fit together.",
        "Have the host set its clock by the network: on a Mac macos_headless_network_time, on Linux systemd-timesyncd.",
        (_setting("clock set by the network|time server|time zone"),),
        by_hand=True,
    ),
    Trap(
        "dns",
        "Names lead nowhere, or to another machine, though every address answers.",
        "Repeat site.yml with --tags adguard_home,dns_client.",
        (Lines("dns"), Lines("resolvers"), Lines("resolves")),
        "no name server knows",
        by_hand=True,
    ),
    Trap(
        "proxy",
        "Requests to the cluster go out to a proxy that does not know it, or downloads pass by the cache.",
        "Repeat site.yml with --tags squid,proxy_client.",
        (Lines("interception"), Lines("squid"), Lines("downloads")),
        by_hand=True,
    ),
    Trap(
        "certificate",
        "A certificate that has ended, or that a program does not trust, stops everything behind it at once.",
        "Renew it: that of the cache by site.yml, that of the gateway where gateway_certificate comes from.",
        (Lines("certificate"), Lines("system_trust"), Lines("http", said="certificate")),
        by_hand=True,
    ),
    Trap(
        "gpu-memory",
        "A Mac's GPU may have a part of the memory only, and a higher ceiling set by hand is forgotten at a restart.",
        "Write macos_headless_system_memory_gigabytes, which is set at every boot.",
        (_setting("GPU memory ceiling"),),
    ),
    Trap(
        "driver-mismatch",
        "A driver that was upgraded and not loaded, or does not serve a card, fails every program on the GPU.",
        "Run playbooks/nvidia.yml, which reboots the host when it is idle.",
        (Lines("nvidia_driver"), Lines("cuda"), Lines("model_on_card")),
    ),
    Trap(
        "falls-asleep",
        "A Mac with its settings for a desk falls asleep, updates itself or stays off after a power failure.",
        "Repeat site.yml with --tags macos_headless.",
        (Lines("macos_setting"), Lines("macos_sleep"), Lines("wake_on_lan")),
    ),
    Trap(
        "unreachable",
        "A host that cannot be reached is neither changed nor measured.",
        "See that it is on, awake and cabled.",
        trouble=".",
    ),
)

BY_NAME = {trap.name: trap for trap in TRAPS}

SAY_IT_THEMSELVES = frozenset(
    {
        *("application", "command_line_tools", "exo_model", "exo_source", "firewall", "gateway_models", "grafana"),
        *("lan_port", "llama_cpp_rest", "macos_power_source", "macos_profile", "mlx_lm", "model_answers"),
        *("model_files", "model_store"),
        *("prometheus_rules", "prometheus_targets", "remote_login", "software_version", "tcp_port", "wake_proof"),
        # It is judged with what other lines say.
        "thunderbolt_generation",
    }
)
"""Kinds of check that are no trap: their lines say what is wrong and what to do."""


def of_line(line: Line) -> Trap | None:
    """Return the trap that a false line is about."""
    return next((trap for trap in TRAPS if any(lines.match(line) for lines in trap.lines)), None)


def of_trouble(reason: str) -> Trap:
    """Return the trap that keeps a host from being reached."""
    return next(trap for trap in TRAPS if trap.trouble and re.search(trap.trouble, reason, re.IGNORECASE))
