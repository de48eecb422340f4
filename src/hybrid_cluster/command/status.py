# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster status`: first what all hosts are together, then each of them, or groups of them where they are many."""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from hybrid_cluster.command import output, serving
from hybrid_cluster.command.measured import CORES, METRICS, Measured, Source, answer_ssh
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNKNOWN, UNSURE, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from hybrid_cluster.command.inventory import Cluster, Host

MOST_LISTED = 16
"""With more hosts than these, those of one kind in one state are a line."""
_MOST_ALERTS = 5
_GIGABYTE = 2**30
UP, DOWN, SILENT = "up", "down", "no answer"
"""Prometheus or sshd is answered; neither is; nothing is, and the host may be asleep."""
ASLEEP = "asleep"
QUIET = (ASLEEP, "waking", "suspending")
"""What the gateway calls hosts that say nothing and are not down."""
_STYLES = {UP: GOOD, DOWN: BAD, SILENT: UNSURE, UNKNOWN: UNSURE, **dict.fromkeys(QUIET, FAINT)}


class Teller(Protocol):
    """Who says what the gateway knows: a command asks it, its own page is told."""

    def look(self) -> tuple[dict[str, Any] | None, str | None]:
        """Return what it says, or why it says nothing."""


def collect(cluster: Cluster, source: Source, witness: Teller) -> dict[str, Any]:
    """Measure, and return what `--json` prints."""
    # Both are asked at once: either may be far or gone.
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(witness.look)
        measured = source.measure(METRICS, cores=CORES)
        told, silence = asked.result()
    sleepers = serving.sleepers(cluster, told)
    hosts = _hosts(cluster, measured, sleepers)
    return {
        "prometheus": measured.source,
        "prometheus_silence": measured.silence,
        "gateway_silence": silence,
        "time": round(time.time()),
        "pool": _pool(cluster, hosts, measured) | _through_gateway(told),
        "hosts": hosts,
        "models": serving.models(cluster, measured, told),
        "alerts": _alerts(measured),
        "drained": told.get("drains", []) if told else [],
    }


def _through_gateway(told: dict[str, Any] | None) -> dict[str, Any]:
    speed = told.get("tokens_per_second") if told else None
    return {"requests_through_gateway": serving.through_gateway(told), "tokens_per_second": speed}


def _hosts(cluster: Cluster, measured: Measured, sleepers: dict[str, Any]) -> list[dict[str, Any]]:
    scraped = {name: measured.truth("up", job="node_exporter", instance=name) for name in cluster.hosts}
    knocks = answer_ssh(host for host in cluster.hosts.values() if not scraped[host.name])
    return [
        _host(cluster, host, measured, scraped[host.name], knocks) | _told(host, knocks, scraped, sleepers)
        for host in cluster.hosts.values()
    ]


def _told(
    host: Host, knocks: dict[str, bool], scraped: dict[str, bool | None], sleepers: dict[str, Any]
) -> dict[str, Any]:
    """Return what the gateway says of a host; where nobody else hears it, its word is the state."""
    told = sleepers.get(host.name)
    if told is None or told["state"] is None:
        return {"gateway": told}
    heard = scraped[host.name] or knocks.get(host.name)
    quiet = told["state"] in QUIET and not heard
    return {"gateway": told} | ({"state": told["state"], "state_from": "gateway"} if quiet else {})


def _host(
    cluster: Cluster, host: Host, measured: Measured, scraped: bool | None, knocks: dict[str, bool]
) -> dict[str, Any]:
    name = host.name
    boot = measured.one("node_boot_time_seconds", instance=name) if scraped else None
    answers = True if scraped or host.is_here else knocks.get(name, scraped)
    total = measured.one("instance:memory_total:bytes", instance=name)
    used = measured.one("instance:memory_used:bytes", instance=name)
    return {
        "name": name,
        "address": host.address,
        "kind": host.kind,
        "groups": list(host.groups),
        "state": _state(host, answers),
        "state_from": "prometheus" if scraped is not None and scraped == answers else "ssh" if name in knocks else None,
        "up_since": round(boot) if boot else None,
        "may_sleep": host.may_sleep,
        "cores": _count(measured.one("cores", instance=name)),
        "cpu_busy": measured.one("instance:cpu_busy:ratio", instance=name),
        "memory_bytes": _count(total),
        "memory_free_bytes": _count(None if total is None or used is None else total - used),
        **_gpu(host, total, used, measured),
        "requests": _count(serving.requests(measured, name)),
        "models": cluster.models_by_host[name],
    }


def _state(host: Host, answers: bool | None) -> str:
    if answers is None:
        return UNKNOWN
    # Who may sleep and says nothing is asleep, or down: that is not measured.
    return UP if answers else SILENT if host.may_sleep else DOWN


def _gpu(host: Host, total: float | None, used: float | None, measured: Measured) -> dict[str, int | None]:
    """Return the memory that models can have on a GPU: a share of a Mac's own, or that of NVIDIA cards."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import (
        usable_gigabytes,
    )

    if host.is_mac:
        known = total / _GIGABYTE if total else host.memory_gigabytes
        usable = usable_gigabytes(known, is_mac=True) * _GIGABYTE if known else None
        free = min(usable, total - used) if usable is not None and total is not None and used is not None else None
    else:
        usable = measured.total("nvidia_smi_memory_total_bytes", instance=host.name)
        free = measured.total("nvidia_smi_memory_free_bytes", instance=host.name)
    return {"gpu_memory_bytes": _count(usable), "gpu_memory_free_bytes": _count(free)}


def _pool(cluster: Cluster, hosts: list[dict[str, Any]], measured: Measured) -> dict[str, Any]:
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cables import EXTERNAL

    macs = [host for host in hosts if host["kind"] == "Mac"]
    cards = [host for host in hosts if host["kind"] == "GPU"]
    # How fast a machine outside of the inventory is reached says nothing of these hosts.
    links = [link for link in cluster.shared("thunderbolt_links") or () if EXTERNAL not in link]
    cabled = {(host, str(port)) for link in links for host, port in link.items()}
    speeds = [
        sample.value
        for sample in measured.samples.get("mac_thunderbolt_link_bits_per_second", ())
        if sample.value > 0 and (sample.labels.get("instance"), sample.labels.get("receptacle")) in cabled
    ]
    return {
        "hosts": len(hosts),
        "hosts_up": sum(host["state"] == UP for host in hosts),
        "hosts_asleep": sum(host["state"] == ASLEEP for host in hosts),
        "cores": _sum(hosts, "cores"),
        "memory": _sum_of(hosts, "memory"),
        "mac_gpu_memory": _sum_of(macs, "gpu_memory"),
        "vram": _sum_of(cards, "gpu_memory"),
        "slowest_link_bits_per_second": _count(min(speeds, default=None)),
        "fastest_link_bits_per_second": _count(max(speeds, default=None)),
        "requests": _sum(hosts, "requests"),
    }


def _sum(hosts: Iterable[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return the sum over the hosts that are known, and how many of them are not."""
    values = [host[key] for host in hosts]
    known = [value for value in values if value is not None]
    return {"total": sum(known) if known else None, "unknown_hosts": len(values) - len(known)}


def _sum_of(hosts: list[dict[str, Any]], what: str) -> dict[str, Any]:
    total, free = _sum(hosts, f"{what}_bytes"), _sum(hosts, f"{what}_free_bytes")
    return {
        "hosts": len(hosts),
        "total_bytes": total["total"],
        "free_bytes": free["total"],
        "unknown_hosts": total["unknown_hosts"],
        "free_unknown_hosts": free["unknown_hosts"],
    }


def _alerts(measured: Measured) -> list[dict[str, str]] | None:
    if measured.source is None:
        return None
    firing = measured.all("ALERTS", alertstate="firing")
    found = [
        {
            "name": one.labels.get("alertname", UNKNOWN),
            "severity": one.labels.get("severity", UNKNOWN),
            "host": one.labels.get("instance") or one.labels.get("node") or "",
        }
        for one in firing
    ]
    return sorted(found, key=lambda alert: (alert["severity"], alert["name"], alert["host"]))


def _count(value: float | None) -> int | None:
    return None if value is None else round(value)


def render(document: dict[str, Any]) -> RenderableType:
    """Draw it for a terminal of 80 columns."""
    from rich.console import Group

    many = len(document["hosts"]) > MOST_LISTED
    parts: list[RenderableType] = [_render_pool(document["pool"]), words("")]
    parts.append(_render_groups(document["hosts"]) if many else _render_hosts(document["hosts"]))
    if any(host["gateway"] and host["gateway"]["state"] for host in document["hosts"]):
        parts += [words(""), _render_sleepers(document["hosts"], many=many)]
    parts += [words(f"{_drained(order)}.", UNSURE) for order in document["drained"]]
    if document["gateway_silence"]:
        parts += [words(""), words(f"When hosts sleep is not known: {document['gateway_silence']}.", UNSURE)]
    if document["prometheus_silence"]:
        parts += [words(""), words(f"Nothing is measured: {document['prometheus_silence']}.", UNSURE)]
    if document["alerts"]:
        parts += [words(""), *_render_alerts(document["alerts"])]
    return Group(*parts)


def _drained(order: dict[str, Any]) -> str:
    runs = f", {order['in_flight']} in flight" if order["in_flight"] else ""
    until = output.span(order["until"] - time.time())
    return f"{order['host']} is out of rotation for {until}, by {order['owner']}{runs}"


def _render_pool(pool: dict[str, Any]) -> Table:
    table = output.grid()
    asleep = f", {pool['hosts_asleep']} asleep" if pool["hosts_asleep"] else ""
    up = f"{pool['hosts_up']} of {pool['hosts']} up{asleep}"
    well = pool["hosts_up"] + pool["hosts_asleep"] == pool["hosts"]
    table.add_row(words("hosts", FAINT), words(up, GOOD if well else BAD))
    table.add_row(words("cores", FAINT), words(_total(pool["cores"]["total"], pool["cores"]["unknown_hosts"])))
    for label, key in (("memory", "memory"), ("Macs' GPUs", "mac_gpu_memory"), ("VRAM", "vram")):
        if pool[key]["hosts"]:
            table.add_row(words(label, FAINT), words(_memory(pool[key])))
    slow, fast = pool["slowest_link_bits_per_second"], pool["fastest_link_bits_per_second"]
    if slow is not None:
        speed = output.bits(slow) if slow == fast else f"{output.bits(slow)} to {output.bits(fast)}"
        table.add_row(words("Thunderbolt", FAINT), words(speed))
    speed = f", {pool['tokens_per_second']:.1f} tokens/s in the last minute" if pool["tokens_per_second"] else ""
    table.add_row(words("in flight", FAINT), words(f"{_requests(pool)}{speed}"))
    return table


def _total(value: int | None, unknown: int) -> str:
    if value is None:
        return UNKNOWN
    return f"{value}{_without(unknown)}"


def _without(hosts: int) -> str:
    return f", without {hosts} {'host that is' if hosts == 1 else 'hosts that are'} unknown" if hosts else ""


def _memory(sums: dict[str, Any]) -> str:
    if sums["total_bytes"] is None:
        return UNKNOWN
    free = UNKNOWN if sums["free_bytes"] is None else output.gigabytes(sums["free_bytes"])
    return f"{free} free of {output.gigabytes(sums['total_bytes'])}{_without(sums['free_unknown_hosts'])}"


def _requests(pool: dict[str, Any]) -> str:
    if pool["requests"]["total"] is not None:
        return f"{pool['requests']['total']} requests"
    through = pool["requests_through_gateway"]
    return UNKNOWN if through is None else f"{through} requests through the gateway"


def _render_hosts(hosts: list[dict[str, Any]]) -> Table:
    table = output.table("host", "kind", "state", "up since", "free", "of", "busy", "runs", "serves", right=(4, 5, 6))
    for host in hosts:
        is_gpu = host["gpu_memory_bytes"] is not None
        free = host["gpu_memory_free_bytes" if is_gpu else "memory_free_bytes"]
        total = host["gpu_memory_bytes" if is_gpu else "memory_bytes"]
        table.add_row(
            words(host["name"]),
            words(host["kind"]),
            words(host["state"], _STYLES[host["state"]]),
            words(output.ago(host["up_since"]), FAINT if host["up_since"] is None else ""),
            words(output.gigabytes(free)),
            words(output.gigabytes(total)),
            words(UNKNOWN if host["cpu_busy"] is None else f"{host['cpu_busy']:.0%}"),
            words("" if host["requests"] is None else host["requests"]),
            words(", ".join(host["models"])),
        )
    return table


def _render_sleepers(hosts: list[dict[str, Any]], *, many: bool) -> Table:
    """Draw when hosts sleep; those that sleep as one are a line, and of many those in one state."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for host in hosts:
        if host["gateway"] and host["gateway"]["state"]:
            groups[host["gateway"]["state" if many else "group"]].append(host)
    table = output.table("sleeper", "gateway", "since", "in flight", "idle for", "sleeps", "last wake", right=(3,))
    if many:
        table = output.table("sleeper", "gateway")
    for members in groups.values():
        told = members[0]["gateway"]
        names = output.shortened(output.folded(host["name"] for host in members), 40 if many else 20)
        if many:
            table.add_row(words(names), words(told["state"], _STYLES.get(told["state"], "")))
            continue
        waits = f"+{told['waiting']}" if told["waiting"] else ""
        table.add_row(
            words(names),
            words(told["state"], _STYLES.get(told["state"], "")),
            words(output.ago(told["since"])),
            words(f"{told['in_flight']}{waits}"),
            words("" if told["idle_for"] is None else output.span(told["idle_for"])),
            words(_sleeps(told)),
            words(_last_wake(told)),
        )
    return table


def _sleeps(told: dict[str, Any]) -> str:
    if told["held_until"] is not None:
        return f"held {output.span(told['held_until'] - time.time())}"
    if told["sleeps_at"] is not None:
        return output.until(told["sleeps_at"])
    if told["state"] in QUIET:
        return ""
    if told["idle_after"] is None or told["seen_to_wake"] is False:
        return "never"
    return UNKNOWN if told["seen_to_wake"] is None else "when idle"


def _last_wake(told: dict[str, Any]) -> str:
    if told["last_wake"] is None:
        return UNKNOWN
    took = "" if told["last_wake_seconds"] is None else f", took {output.span(told['last_wake_seconds'])}"
    return f"{output.ago(told['last_wake'])} ago{took}"


def _render_groups(hosts: list[dict[str, Any]]) -> Table:
    """Draw a line for each kind and state, so that a hundred hosts fit a screen."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for host in hosts:
        groups[host["kind"], host["state"]].append(host)
    table = output.table("hosts", "", "kind", "state", "free", "of", "serve", right=(1, 4, 5))
    for (kind, state), members in sorted(groups.items(), key=lambda item: (item[0][1] == UP, item[0])):
        what = "memory" if kind == "Linux" else "gpu_memory"
        sums = _sum_of(members, what)
        served = {model for host in members for model in host["models"]}
        table.add_row(
            words(output.shortened(output.folded(host["name"] for host in members), 30)),
            words(len(members)),
            words(kind),
            words(state, _STYLES[state]),
            words(output.gigabytes(sums["free_bytes"])),
            words(output.gigabytes(sums["total_bytes"])),
            words(f"{len(served)} models" if len(served) != 1 else next(iter(served))),
        )
    return table


def _render_alerts(alerts: list[dict[str, str]]) -> list[Text]:
    counted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for alert in alerts:
        counted[alert["severity"], alert["name"]].append(alert["host"])
    lines = [
        words(
            f"{name}{f' on {output.folded(known)}' if (known := [host for host in hosts if host]) else ''}",
            BAD if severity == "critical" else UNSURE,
        )
        for (severity, name), hosts in list(counted.items())[:_MOST_ALERTS]
    ]
    left = len(counted) - len(lines)
    return [*lines, words(f"and {left} more alerts", UNSURE)] if left > 0 else lines
