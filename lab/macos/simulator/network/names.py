# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The three names of a Mac: what people see, what Bonjour uses, and what the kernel is called."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..profile import Profile
    from ..tool import Context

AREA = "names"
NAMES = ("ComputerName", "LocalHostName", "HostName")


def names(context: Context) -> dict[str, str]:
    """Return the names that are set; a new Mac is called after its first user and has no HostName."""
    found: dict[str, str] = context.state.read(AREA, _defaults(context.profile))
    return found


def set_name(context: Context, name: str, value: str) -> None:
    """Set a name, or remove it by an empty value."""
    with context.state.edit(AREA, _defaults(context.profile)) as stored:
        stored.pop(name, None)
        if value:
            stored[name] = value
    name_kernel(context)


def kernel_name(context: Context) -> str:
    """Return what the kernel is to be called."""
    found = names(context)
    return found.get("HostName") or f"{found.get('LocalHostName', 'localhost')}.local"


def name_kernel(context: Context) -> None:
    """Give the kernel its name."""
    context.run("hostname", kernel_name(context))


def is_local_name(value: str) -> bool:
    """Whether Bonjour takes this name: letters, digits and hyphens only."""
    return 0 < len(value) <= 63 and value.isascii() and value.replace("-", "").isalnum() and value.strip("-") == value


def _defaults(profile: Profile) -> dict[str, str]:
    users = profile.host.get("users") or [{"full_name": "Admin"}]
    owner = str(users[0].get("full_name", "Admin"))
    return {"ComputerName": f"{owner}\u2019s {profile.model_name}", "LocalHostName": profile.name}
