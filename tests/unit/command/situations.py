# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Each command, and what it ends with in each situation that a person may be in."""

from __future__ import annotations

from hybrid_cluster.command import exits

SITUATIONS = {
    "works": "The gateway answers, and the host is awake.",
    "asleep": "The host sleeps.",
    "gone": "The host was sent to sleep, and does not wake.",
    "no-gateway": "The inventory wants none.",
    "down": "Nobody listens where the gateway should be.",
    "another": "Something else listens there.",
    "wrong-key": "The keys in the files are not those of the gateway.",
    "no-key": "There are no files with keys yet.",
}
UNHEARD = ("no-gateway", "down", "another")
"""Where no gateway says anything."""
LOCKED = ("wrong-key", "no-key")
"""Where it says nothing to this person."""

_OK, _FAILED = exits.OK, exits.HOSTS_FAILED
# What cannot be without the gateway, and ends well with it.
_ASKS = {**dict.fromkeys(UNHEARD, exits.GATEWAY), **dict.fromkeys(LOCKED, exits.REFUSED)}
_NEEDS_HOST = {**_ASKS, "gone": _FAILED}
_ALWAYS: dict[str, int] = {}

COMMANDS: dict[str, tuple[list[str], dict[str, int]]] = {
    "status": (["status"], _ALWAYS),
    "topology": (["topology"], _ALWAYS),
    "models": (["models"], _ALWAYS),
    "models pull": (["models", "pull"], _ALWAYS),
    "models load": (["models", "load", "public"], _NEEDS_HOST),
    # Its backend serves one model and says so; a host that sleeps is not woken for it.
    "models unload": (["models", "unload", "public"], {**dict.fromkeys(("works", "asleep", "gone"), _FAILED), **_ASKS}),
    "wake": (["wake", "box"], _NEEDS_HOST),
    "wake a model": (["wake", "public"], _NEEDS_HOST),
    "sleep": (["sleep", "box"], _ASKS),
    "idle": (["idle", "30"], _ASKS),
    "hold": (["hold", "box", "2h"], _ASKS),
    "release": (["release", "box"], _ASKS),
    "drain": (["drain", "box"], _ASKS),
    "return": (["return", "box"], _ASKS),
    "chat": (["chat", "public"], _NEEDS_HOST),
    "keys": (["keys", "list"], _ASKS),
    "keys create": (["keys", "create", "laptop"], _ASKS),
    "doctor": (["doctor"], _ALWAYS),
    "bench": (["bench", "--only", "api,models", "--at-once", "1"], dict.fromkeys((*UNHEARD, *LOCKED), _FAILED)),
    # Of which nobody has measured anything, and that is said.
    "energy": (["energy"], _ALWAYS),
    "apply": (["apply"], _ALWAYS),
    # Where no gateway answers it goes on, undrained; without a key for one that does, it does not.
    "upgrade": (["upgrade"], {**dict.fromkeys(LOCKED, exits.REFUSED), "gone": _FAILED}),
}
"""The words of each, and what it ends with; where nothing is said, 0."""
