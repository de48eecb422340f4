# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the kernel keeps of pf: rulesets by the path of their anchor, whether it runs, and who asked for that.

All of it belongs to one start of the Mac: after a restart pf is off, empty, and every token is void.
"""

from __future__ import annotations

import time

from .translate import disabled, enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ..tool import Context

AREA = "pf"
_EMPTY: dict[str, Any] = {"session": "", "enabled": False, "since": 0, "tokens": [], "rulesets": {}, "skip": []}


class Kernel:
    """The state of pf, locked for one call of `pfctl`; what it changed takes effect at the end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._edit = context.state.edit(AREA, _EMPTY)
        self._changed = False
        self.data: dict[str, Any] = {}

    def __enter__(self) -> Kernel:
        """Lock, and forget what an earlier start of the Mac left."""
        self.data = self._edit.__enter__()
        session = boot_session(self._context)
        if self.data["session"] != session:
            self.data.update({**_EMPTY, "tokens": [], "rulesets": {}, "skip": [], "session": session})
            self._changed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make it so in the network, and store it."""
        try:
            if kind is None and self._changed:
                script = enabled(self.data) if self.data["enabled"] else disabled()
                self._context.run("nft", "-f", "-", stdin=script, check=True)
        finally:
            self._edit.__exit__(kind, error, trace)

    # Running or not.

    @property
    def runs(self) -> bool:
        """Whether packets are filtered."""
        return bool(self.data["enabled"])

    def start(self) -> None:
        """Filter."""
        if not self.runs:
            self.data.update(enabled=True, since=time.time())
            self._changed = True

    def stop(self) -> None:
        """Filter no more; every token is void."""
        self.data.update(enabled=False, since=time.time(), tokens=[])
        self._changed = True

    def add_token(self, pid: int, name: str) -> int:
        """Start on behalf of somebody and return the token that ends it."""
        import secrets

        token = secrets.randbits(63) | 1 << 62
        self.data["tokens"].insert(0, {"token": token, "pid": pid, "name": name, "time": time.time()})
        self.start()
        return token

    def release(self, token: str) -> int | None:
        """Give a token back; return how many are left, or None where it is no token."""
        left = [held for held in self.data["tokens"] if str(held["token"]) != token]
        if len(left) == len(self.data["tokens"]):
            return None
        self.data["tokens"] = left
        if not left:
            self.stop()
        return len(left)

    # Rulesets.

    def ruleset(self, anchor: str) -> dict[str, Any] | None:
        """Return rules and tables of an anchor that exists; the main ruleset always does."""
        rulesets = self.data["rulesets"]
        if anchor in rulesets:
            found: dict[str, Any] = rulesets[anchor]
            return found
        return {"rules": [], "tables": {}} if not anchor or anchor in self.anchors("", deep=True) else None

    def replace(self, anchor: str, rules: list[dict[str, Any]], tables: dict[str, Any]) -> None:
        """Load a ruleset in one step; tables that others filled stay where the new rules use them."""
        kept = {
            name: table
            for name, table in (self.ruleset(anchor) or {"tables": {}})["tables"].items()
            if name not in tables and "persist" in table["flags"]
        }
        self.data["rulesets"][anchor] = {"rules": rules, "tables": {**kept, **tables}}
        self._changed = True

    def flush(self, anchor: str, what: str) -> int:
        """Empty a ruleset: ``rules``, ``tables`` or both; return how many tables that were."""
        found = self.ruleset(anchor)
        self._changed = True
        if found is None:
            return 0
        tables = found["tables"] if what in ("tables", "all") else {}
        rules = [] if what in ("rules", "all") else found["rules"]
        left = {} if what in ("tables", "all") else found["tables"]
        self.data["rulesets"][anchor] = {"rules": rules, "tables": left}
        if anchor and not rules and not left:
            del self.data["rulesets"][anchor]
        return len(tables)

    def edit_table(self, anchor: str, name: str, addresses: list[str]) -> None:
        """Set what a table holds."""
        found = self.ruleset(anchor) or {"rules": [], "tables": {}}
        table = found["tables"].get(name, {"flags": ["persist"]})
        self.replace(anchor, found["rules"], {**found["tables"], name: {**table, "addresses": addresses}})

    def anchors(self, parent: str, *, deep: bool) -> list[str]:
        """Return the paths of the anchors below another: those that are loaded, and those that rules name."""
        paths = {path for path in self.data["rulesets"] if path}
        for path, ruleset in self.data["rulesets"].items():
            for rule in ruleset["rules"]:
                if "anchor" in rule:
                    paths.add(f"{path}/{rule['anchor'].removesuffix('/*')}".lstrip("/"))
        for path in list(paths):
            parts = path.split("/")
            paths.update("/".join(parts[:count]) for count in range(1, len(parts)))
        start = f"{parent}/" if parent else ""
        below = sorted(path for path in paths if path.startswith(start) and path != parent)
        return below if deep else [path for path in below if "/" not in path[len(start) :]]

    def set_skip(self, interfaces: list[str]) -> None:
        """Leave interfaces alone."""
        self.data["skip"] = interfaces
        self._changed = True


def boot_session(context: Context) -> str:
    """Return the identifier of this start of the Mac."""
    from ..network.session import boot_session as session

    return session(context.profile.name)
