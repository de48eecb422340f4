# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether each GPU of a host computes, and if not, why: bus, nvidia-smi, CUDA and the kernel's log, joined by address.

All GPUs are tried in one process. Where that fails as a whole, or does not end, or where cards are split into parts,
each is tried in a process of its own: one that is broken takes none of the others with it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus, cuda, reasons, smi
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import read_cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import loaded_module, loaded_version
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.reasons import Reason
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import quoted

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card as Present

FIELDS = ["name", "uuid", "memory.total", "compute_cap", "mig.mode.current"]
_MEBIBYTE = 1048576
_NO_LIBRARY = "dlopen"
_VAGUE = {"no_device", "unknown_error", "mismatch"}


@dataclass(frozen=True)
class Card:
    """A GPU and what is known of it; None is what nobody said."""

    address: str
    device_id: str
    name: str | None = None
    uuid: str | None = None
    memory_bytes: int | None = None
    capability: str | None = None
    mig: bool | None = None
    computes: bool = False
    """Also where it is too busy to be tried: then others compute on it."""
    reason: Reason | None = None

    @property
    def proved(self) -> bool:
        """Whether it was tried, and its sum was right."""
        return self.computes and not self.busy

    @property
    def busy(self) -> bool:
        """Whether it could not be tried, because others use all of it."""
        return self.reason is not None and self.reason.key in reasons.BUSY

    @property
    def title(self) -> str:
        """How a person finds it."""
        return f"{self.address} ({self.name})" if self.name else self.address


@dataclass(frozen=True)
class Proof:
    """What a host's GPUs are, and what came of the attempt to compute on each."""

    cards: list[Card] = field(default_factory=list)
    driver_version: str | None = None
    flavour: str | None = None
    library_version: str | None = None
    reason: Reason | None = None
    """Why there is nothing to try."""

    @property
    def branch(self) -> int | None:
        """The first number of the driver's version."""
        head = (self.driver_version or "").partition(".")[0]
        return int(head) if head.isdigit() else None

    @property
    def broken(self) -> list[Card]:
        """The cards that do not compute, and those that are not what was asked for."""
        return [card for card in self.cards if card.reason and not card.busy]

    def sentences(self) -> list[str]:
        """Return a sentence with its cure for each thing that is the matter."""
        if self.reason:
            return [_capital(f"{self.reason.what}. {self.reason.cure}")]
        return [f"GPU {card.title}: {card.reason.what}. {card.reason.cure}" for card in self.cards if card.reason]

    def facts(self) -> dict[str, Any]:
        """Return it as facts for Ansible."""
        listed = [
            {
                **asdict(card),
                "proved": card.proved,
                "reason": f"{card.reason.what}. {card.reason.cure}" if card.reason else None,
                "problem": card.reason.key if card.reason else None,
            }
            for card in self.cards
        ]
        return {
            "cards": listed,
            "driver_version": self.driver_version,
            "branch": self.branch,
            "flavour": self.flavour,
            "library_version": self.library_version,
        }


@dataclass(frozen=True)
class Attempt:
    """How to try: as which user, and for how many seconds at most."""

    commands: Commands
    time_limit: int = 60
    user: str | None = None

    def run(self, only: str | None = None) -> dict[str, Any]:
        """Have a process of its own compute, on all GPUs or on one, and return what it found."""
        loader = cuda.__spec__.loader if cuda.__spec__ else None
        source = loader.get_source(cuda.__name__) if loader else None  # type: ignore[attr-defined]  # a module's loader has it
        # Ansible's own loader, on the controller, has bytes.
        source = source.decode() if isinstance(source, bytes) else source
        as_user = ["runuser", "-u", self.user, "--"] if self.user else []
        argv = [*as_user, sys.executable or "python3", "-I", "-", *([only] if only else [])]
        try:
            result = self.commands.run(argv, stdin=source, timeout=self.time_limit)
        except CommandError:
            return {"failed": {"call": "", "code": None}, "devices": [], "late": True}
        try:
            found: dict[str, Any] = json.loads(result.out)
        except ValueError:
            said = f"the attempt ended with {result.rc} and said {quoted(result.text)}"
            return {"failed": {"call": "", "code": None}, "devices": [], "said": said}
        return found


def prove(attempt: Attempt, minimum: str | None = None) -> Proof:
    """Have every GPU compute."""
    present = read_cards()
    version, module = loaded_version(), loaded_module()
    flavour = module.flavour if module else None
    if not present:
        return Proof([], version, flavour, None, Reason("no_card"))
    answer, status = _ask(attempt)
    cards = [_card(card, answer) for card in present]
    whole = attempt.run()
    found = {str(device.get("address")): device for device in whole["devices"]}
    if whole.get("failed") or any(card.mig for card in cards):
        found = _alone(attempt, cards, answer, found)
    library = whole.get("library")
    judged = [_judge(card, found.get(card.address)) for card in cards]
    if any(_is_open(card) for card in judged):
        host = _of_host(whole, status, version, attempt)
        log = reasons.of_kernel(_kernel(attempt.commands))
        judged = [replace(card, reason=_why(card, answer, log, host)) if _is_open(card) else card for card in judged]
    return Proof([_suits(card, minimum) for card in judged], version, flavour, library)


def _ask(attempt: Attempt) -> tuple[smi.Answer, Reason | None]:
    """Ask nvidia-smi, and say why it does not answer."""
    try:
        answer, result = smi.ask(attempt.commands, FIELDS, attempt.time_limit)
    except CommandError as error:
        late = "did not finish" in str(error)
        return smi.Answer(), Reason("time_limit" if late else "no_program")
    return answer, None if answer.rows else reasons.of_status(result.rc, result.text)


def _card(present: Present, answer: smi.Answer) -> Card:
    row = next((row for row in answer.rows if row.address == present.address), None)
    card = Card(present.address, present.device_id)
    if row is None:
        # What the table of cards knows is said by nobody else then.
        return replace(card, name=present.name)
    memory = smi.number(row.values.get("memory.total"))
    return replace(
        card,
        name=row.values.get("name"),
        uuid=row.values.get("uuid"),
        memory_bytes=None if memory is None else int(memory) * _MEBIBYTE,
        capability=row.values.get("compute_cap"),
        mig=smi.switch(row.values.get("mig.mode.current")),
    )


def _alone(
    attempt: Attempt, cards: list[Card], answer: smi.Answer, found: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Try each card that nvidia-smi can ask in a process of its own, and of one that is split each part."""
    well = {row.address for row in answer.rows if not row.trouble}
    listed = _parts(attempt.commands) if any(card.mig for card in cards) else {}
    results = {}
    for card in cards:
        if card.uuid is None or card.address not in well:
            continue
        parts = listed.get(card.uuid, [])
        if card.mig and not parts:
            results[card.address] = {"computes": False, "key": "no_parts"}
            continue
        tried = [_first(attempt.run(name)) for name in (parts if card.mig else [card.uuid])]
        results[card.address] = next((device for device in tried if not device["computes"]), tried[0])
    return {**found, **results}


def _first(result: dict[str, Any]) -> dict[str, Any]:
    if result["devices"]:
        return dict(result["devices"][0])
    if result.get("late"):
        return {"computes": False, "key": "time_limit"}
    if result.get("said"):
        return {"computes": False, "key": "unknown", "detail": result["said"]}
    return {"computes": False, "failed": result["failed"]}


def _parts(commands: Commands) -> dict[str, list[str]]:
    try:
        text = commands.run(smi.LIST).out
    except CommandError:
        return {}
    return {card.uuid: [uuid for _, uuid in card.parts] for card in smi.listed(text)}


def _judge(card: Card, device: dict[str, Any] | None) -> Card:
    """Take over what CUDA found of a card; a card that it did not list is left for others to judge."""
    if device is None:
        return card
    named = replace(
        card,
        name=card.name or device.get("name"),
        uuid=card.uuid or device.get("uuid"),
        # A part of a card has less of it.
        memory_bytes=card.memory_bytes or device.get("memory_bytes"),
        capability=card.capability or device.get("capability"),
    )
    if device["computes"]:
        return replace(named, computes=True)
    failed = device.get("failed")
    if device.get("key"):
        reason = Reason(device["key"], device.get("detail", ""))
    elif failed and failed["code"] is None:
        return named
    elif failed:
        reason = reasons.of_result(failed["call"], failed["code"])
    else:
        reason = Reason("wrong_sum")
    return replace(named, computes=reason.key in reasons.BUSY, reason=reason)


def _is_open(card: Card) -> bool:
    """Tell whether it has to be found out why a card does not compute: the library alone says too little."""
    return not card.computes and (card.reason is None or card.reason.key in _VAGUE)


def _of_host(whole: dict[str, Any], status: Reason | None, version: str | None, attempt: Attempt) -> Reason:
    """Return why no card could be tried at all, from what is most certain on."""
    failed, library = whole.get("failed") or {}, whole.get("library")
    code = failed.get("code")
    if version and library and library != version:
        return Reason("mismatch", f"library {library}, module {version}")
    if code is not None and reasons.of_result("", code).key == "mismatch":
        return Reason("mismatch")
    if version is None and failed.get("call") != _NO_LIBRARY:
        return Reason("not_loaded")
    if failed.get("call") == _NO_LIBRARY:
        return Reason("no_library")
    files = whole.get("files") or {}
    if not all(files.values()):
        who = attempt.user or "root"
        return Reason("permission", f"{who}: {', '.join(f'/dev/{name}' for name, may in files.items() if not may)}")
    if code is not None and files and "nvidia-uvm" not in files:
        return Reason("no_uvm")
    if whole.get("late"):
        return Reason("time_limit")
    if code is not None and reasons.of_result("", code).key != "no_device":
        return reasons.of_result(failed["call"], code)
    if whole.get("said"):
        return Reason("unknown", whole["said"])
    return status or Reason("no_device" if code is not None else "not_listed")


def _why(card: Card, answer: smi.Answer, log: dict[str | None, Reason], host: Reason) -> Reason:
    """Return why CUDA did not list a card: what is said of the card itself comes before what is said of the host."""
    if not bus.answers(card.address):
        return Reason("lost")
    holder = bus.holder(card.address)
    if holder == "nouveau":
        return Reason("nouveau")
    if holder not in (None, "nvidia"):
        return Reason("held", str(holder))
    words = answer.others.get(card.address) or next(
        (row.trouble for row in answer.rows if row.address == card.address), None
    )
    if words:
        return reasons.of_words(words)
    if host.key == "mismatch":
        return host
    if card.address in log:
        return log[card.address]
    said = log.get(None)
    if said and (host.key in {"not_loaded", "no_library"} or said.key == "too_new") and said.key != "mismatch":
        return said
    return card.reason if card.reason and host.key in {"no_device", "not_listed"} else host


def _kernel(commands: Commands) -> str:
    """Return the kernel's messages since the start; where the journal has none, those that it still holds itself."""
    for argv in (["journalctl", "--dmesg", "--boot", "--no-pager", "--output=cat"], ["dmesg", "--notime"]):
        try:
            text = commands.run(argv).out
        except CommandError:
            continue
        if "NVRM" in text or "rejected" in text:
            return text
    return ""


def _suits(card: Card, minimum: str | None) -> Card:
    if minimum is None or not card.computes or card.capability is None or numbers(card.capability) >= numbers(minimum):
        return card
    return replace(card, reason=Reason("low_capability", f"{card.capability}, wanted {minimum}"))


def numbers(capability: str) -> tuple[int, ...]:
    """Return a compute capability so that it can be compared: 12.0 is more than 8.9."""
    return tuple(int(part) for part in capability.split("."))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
