# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value of its own for every secret of the site that can be found again wherever it shows up.

Which variables are secret is read from the specifications of the roles. A new one is covered at once if it is text;
for another shape a value has to be written down here, else the test names it.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied

from tests import yaml_files
from tests.site.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECURE_ON = secrets.token_bytes(6).hex(":")
"""What stands for the password of a card, which can hold no other text."""

MARK = f"canary{SECURE_ON.replace(':', '')}"
"""What all other values of this run have in common."""

NASTY = "'\" $HOME `id` \\ %n ü\n"
"""What a shell, a unit or a template would read in a way of its own."""


def webhooks(canary: str) -> list[str]:
    """Return an address with a login and a token, where nobody answers."""
    return [f"http://user:{canary}-login@10.66.1.2:9/hooks/{canary}-token"]


def environment(canary: str) -> dict[str, str]:
    """Return variables as they come from vaults."""
    return {
        "HF_TOKEN": canary,
        "HTTP_PROXY_LOGIN": f"http://user:{canary}-login@proxy.example:3128/",
        "NASTY": f"{canary}{NASTY}{canary}",
    }


def scrape_configs(canary: str) -> list[dict[str, Any]]:
    """Return a target that answers whoever logs in."""
    return [
        {
            "job_name": "canary",
            "basic_auth": {"username": "user", "password": f"{canary}-login"},
            "params": {"token": [f"{canary}-token"]},
            "static_configs": [{"targets": ["10.66.1.20:9100"]}],
        }
    ]


def adguard_home_settings(canary: str) -> dict[str, Any]:
    """Return a key that the lab's AdGuard Home knows."""
    return {"tls": {"server_name": f"{canary}.example"}}


MAKERS: dict[str, Callable[[str], Any]] = {
    "adguard_home_settings": adguard_home_settings,
    "alertmanager_webhooks": webhooks,
    "exo_environment": environment,
    "power_management_secure_on": lambda _: SECURE_ON,
    "prometheus_extra_scrape_configs": scrape_configs,
}
"""Values of secrets that are no text, or not any text."""

FROM_THE_LAB = {"macos_headless_filevault_password"}
"""Secrets that only a host itself can say."""

IN_A_SCENARIO = {"gateway_certificate"}
"""Secrets that no text with a mark can stand for; the scenario of the role gives a real one."""


def applied_roles() -> list[str]:
    """Return the roles that site.yml applies; the others are parts of them, and get their secrets from them."""
    imports = [play["ansible.builtin.import_playbook"] for play in yaml_files.load(ROOT / "playbooks/site.yml")]
    plays = [play for name in imports for play in yaml_files.load(ROOT / "playbooks" / name)]
    # What all of them depend on.
    return sorted({role for play in plays for role, _ in applied(play)} | {"cluster"})


def _secret(name: str, option: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if option.get("no_log"):
        yield name, option
        return
    for key, member in (option.get("options") or {}).items():
        yield from _secret(f"{name}.{key}", member)


def secret_options() -> dict[str, dict[str, Any]]:
    """Return every secret of the site: its specification by its name, with dots where it lies inside another one."""
    found: dict[str, dict[str, Any]] = {}
    for role in applied_roles():
        path = ROOT / "roles" / role / "meta/argument_specs.yml"
        entries = yaml_files.load(path)["argument_specs"] if path.exists() else {}
        for entry in entries.values():
            for name, option in (entry.get("options") or {}).items():
                found.update(_secret(name, option))
    return found


def derived(names: set[str]) -> set[str]:
    """Return the secrets whose default is another secret: they stay what that one is."""
    defaults: dict[str, Any] = {}
    for path in ROOT.glob("roles/*/defaults/main.yml"):
        defaults.update(yaml_files.load(path) or {})
    return {
        name
        for name in names
        if any(re.search(rf"\b{other}\b", str(defaults.get(name))) for other in names if other != name)
    }


def values() -> tuple[dict[str, Any], list[str]]:
    """Return a value for each secret, and the names of those for which none is known."""
    options = secret_options()
    wanted = sorted(set(options) - derived(set(options)) - FROM_THE_LAB - IN_A_SCENARIO)
    made: dict[str, Any] = {}
    unknown: list[str] = []
    for number, name in enumerate(wanted):
        canary = f"{MARK}n{number:02}"
        if name in MAKERS:
            made[name] = MAKERS[name](canary)
        elif "." not in name and options[name].get("type", "str") == "str" and not options[name].get("choices"):
            made[name] = canary
        else:
            unknown.append(name)
    return made, unknown


def patterns(*more: str) -> list[bytes]:
    """Return what to look for: the mark, also in base64 at each of its three places, and other secrets as they are."""
    found = [MARK.encode(), SECURE_ON.encode()]
    for before in range(3):
        # Without the letters that hold bits of what stands before and after.
        text = base64.b64encode(b"\0" * before + MARK.encode())
        found.append(text[(0, 2, 3)[before] : len(text) - len(text) % 4 - 4])
    return [*found, *(text.encode() for text in more)]


def variables(place: str, names: dict[str, Any]) -> str:
    """Return an inventory's variables that read the values from a file, as from a vault."""
    lookup = f"lookup('ansible.builtin.file', '{place}') | from_json"
    return json.dumps({name: f"{{{{ ({lookup}).{name} }}}}" for name in names})
