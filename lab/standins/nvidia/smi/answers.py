# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What nvidia-smi prints when it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .host import Card, Host

_ALIASES = {
    "gpu_name": "name",
    "gpu_uuid": "uuid",
    "gpu_serial": "serial",
    "gpu_bus_id": "pci.bus_id",
    "clocks.gr": "clocks.current.graphics",
    "clocks.sm": "clocks.current.sm",
    "clocks.mem": "clocks.current.memory",
    "clocks.video": "clocks.current.video",
}
_RENAMED = ("clocks_throttle_reasons.", "clocks_event_reasons.")
_LINE = "+-----------------------------------------------------------------------------------------+\n"
_HEAD = """\
+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
"""
_END = "+-----------------------------------------+------------------------+----------------------+\n"


def versions(host: Host) -> str:
    """Return what --version prints."""
    short = ".".join((host.driver or "").split(".")[:2])
    lines = [("NVIDIA-SMI version", host.driver), ("NVML version", short)]
    if host.has_new_banner:
        lines += [
            ("DRIVER version", 'Deprecated, see "KMD version" instead'),
            ("CUDA version", 'Deprecated, see "CUDA UMD version" instead'),
            ("KMD version", host.driver),
            ("CUDA UMD version", host.cuda),
        ]
    else:
        lines += [("DRIVER version", host.driver), ("CUDA Version", host.cuda)]
    return "".join(f"{name:<20}: {value}\n" for name, value in lines)


def listed(card: Card) -> str:
    """Return the lines of -L about a card."""
    first = f"GPU {card.index}: {card.values['name']} (UUID: {card.uuid})\n"
    return first + "".join(f"{line}\n" for line in card.capture.parts)


def table(host: Host, cards: list[Card]) -> str:
    """Return what is printed without arguments, but for the date and the processes."""
    if host.has_new_banner:
        text = f"{host.driver:<23}KMD Version: {host.driver:<14}CUDA UMD Version: {host.cuda:<9}"
    else:
        text = f"{host.driver:<23}Driver Version: {host.driver:<15}CUDA Version: {host.cuda:<9}"
    return f"{_LINE}| NVIDIA-SMI {text}|\n{_HEAD}" + "".join(_entry(card.values) + _END for card in cards)


def _entry(values: dict[str, str]) -> str:
    name = values["name"] if len(values["name"]) <= 27 else values["name"][:23] + " ..."
    on = "On" if values["persistence_mode"] == "Enabled" else "Off"
    shown = "On" if values["display_active"] == "Enabled" else "Off"
    mig = values["mig.mode.current"]
    # In place of the errors of a card that is split there is a word.
    ecc = "On" if mig == "Enabled" else values["ecc.errors.uncorrected.volatile.total"]
    power = f"{int(float(values['power.draw'].split()[0]))}W / {float(values['power.limit'].split()[0]):4.0f}W"
    memory = f"{_short(values['memory.used']):>11} / {_short(values['memory.total']):>9}"
    return (
        f"| {values['index']:>3}  {name:<30} {on:<3} |   {values['pci.bus_id']} {shown:>3} | {_plain(ecc):>20} |\n"
        f"| {_short(values['fan.speed']):>3}   {values['temperature.gpu']:>2}C    {values['pstate']:<3}{power:>23} |"
        f"{memory:>23} |{_short(values['utilization.gpu']):>8}      {values['compute_mode']:>7} |\n"
        f"|                                         |                        |{_plain(mig):>21} |\n"
    )


def _short(value: str) -> str:
    return _plain(value).replace(" ", "")


def _plain(value: str) -> str:
    return value.strip("[]")


def field_of(card: Card, asked: str) -> str | None:
    """Return the name under which a field was captured, or nothing where no driver knows it."""
    name = _ALIASES.get(asked, asked.replace(*_RENAMED))
    return name if name in card.capture.units or name in card.values else None


def header(card: Card, asked: list[str]) -> str:
    """Return the first line of --query-gpu: names as they were asked for, with their units."""
    units = [card.capture.units.get(str(field_of(card, name))) for name in asked]
    return ", ".join(f"{name} [{unit}]" if unit else name for name, unit in zip(asked, units, strict=True)) + "\n"


def row(card: Card, asked: list[str], *, units: bool) -> str:
    """Return the line of a card."""
    values = []
    for name in asked:
        known = str(field_of(card, name))
        value, unit = card.values[known], card.capture.units.get(known)
        values.append(value.removesuffix(f" {unit}") if unit and not units else value)
    return ", ".join(values) + "\n"
