# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A kernel that is only a dictionary: it carries out the commands by which the simulator changes interfaces."""

from __future__ import annotations

import json
from typing import Any

from lab.macos.simulator.spawn import Completed

from .links import ETHERNET, THUNDERBOLT, link


class Kernel:
    """Interfaces that remember; a port in ``cabled`` has a link, and Ethernet unless its cable is out."""

    def __init__(self, *cabled: str, ethernet: bool = True) -> None:
        self._cabled = {"lo", *(["en0"] if ethernet else []), *cabled}
        self._default: dict[str, str] | None = None
        self._links = {name: link(name, carrier=name in self._cabled) for name in ("lo", *ETHERNET, *THUNDERBOLT)}

    def addresses(self, device: str) -> list[str]:
        """Return the addresses of a device."""
        return [f"{item['local']}/{item['prefixlen']}" for item in self._links[device]["addr_info"]]

    def run(self, *argv: str, stdin: str = "", check: bool = False) -> Completed:
        """Stand in for ``Context.run``."""
        words = [word for word in argv[1:] if word not in {"-d", "-4", "-6"}]
        out = ""
        if argv[0] == "ip":
            if words[0] == "-j":
                out = json.dumps(self._shown(words[1], argv))
            else:
                getattr(self, f"_{words[0]}")(*words[1:])
        return Completed(list(argv), 0, out)

    def _shown(self, what: str, argv: tuple[str, ...]) -> list[dict[str, Any]]:
        if what == "route":
            return [self._default] if self._default and "-4" in argv else []
        return list(self._links.values())

    def _link(self, verb: str, *words: str) -> None:
        if verb == "add":
            self._links[words[0]] = link(words[0], carrier=False)
        elif verb == "delete":
            del self._links[words[0]]
            for member in self._members(words[0]):
                self._leave(member)
        else:
            self._set(self._links[words[0]], *words[1:])
        for name in [name for name in self._links if name.startswith("bridge")]:
            linked = any(member["ifname"] in self._cabled for member in self._members(name))
            self._links[name]["flags"] = ["UP", "LOWER_UP" if linked else "NO-CARRIER"]

    def _set(self, found: dict[str, Any], word: str, *values: str) -> None:
        if word == "master":
            found["master"] = values[0]
            found["linkinfo"]["info_slave_kind"] = "bridge"
        elif word == "nomaster":
            self._leave(found)
        elif word == "mtu":
            found["mtu"] = int(values[0])

    def _members(self, bridge: str) -> list[dict[str, Any]]:
        return [found for found in self._links.values() if found.get("master") == bridge]

    @staticmethod
    def _leave(found: dict[str, Any]) -> None:
        found.pop("master")
        found["linkinfo"].pop("info_slave_kind")

    def _addr(self, verb: str, *words: str) -> None:
        held: list[dict[str, Any]] = self._links[words[words.index("dev") + 1]]["addr_info"]
        if verb == "flush":
            held.clear()
            return
        address, _, prefix = words[0].partition("/")
        held[:] = [item for item in held if item["local"] != address]
        if verb != "delete":
            held.append({"family": "inet6" if ":" in address else "inet", "local": address, "prefixlen": int(prefix)})

    def _route(self, verb: str, *words: str) -> None:
        if words[0] == "default":
            gateway = {"dst": "default", "gateway": words[2], "dev": words[4]}
            self._default = gateway if verb == "replace" else None
