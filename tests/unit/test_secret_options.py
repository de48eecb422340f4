# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What looks like a secret is marked as one, in roles and in modules, or it is said here why it is none."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import OPTIONS as MACOS_OPTIONS
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import is_secret_name

from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
MODULE_UTILS = REPOSITORY / "plugins/module_utils"
RELEASES = "addresses and checksums of what everybody can fetch"
BLOCK = "what a role of ours says of its program"
NO_SECRETS = {
    # Of roles.
    "adguard_home_filter_lists": "addresses of public lists",
    "adguard_home_releases": RELEASES,
    "alertmanager_releases": RELEASES,
    "cluster_service_overrides": "ports and names, of which the firewall, DNS and monitoring are made",
    "prometheus_remote_write": "validation refuses a password in it, which has a variable of its own",
    "cluster_services": "ports and names, of which the firewall, DNS and monitoring are made",
    "exo_releases": RELEASES,
    "grafana_releases": RELEASES,
    "llama_cpp_options": "keys and tokens are refused in it",
    "llama_cpp_releases": RELEASES,
    "macos_headless_power": "settings of pmset, which everybody can list",
    "macos_headless_power_on_battery": "settings of pmset, which everybody can list",
    "node_exporter_releases": RELEASES,
    "nvidia_driver_container_key": "a public key",
    "nvidia_driver_keyrings": "checksums of packages with public keys",
    "ollama_environment": "settings that everybody may read",
    "ollama_releases": RELEASES,
    "program_definition.files": "secret with files_sensitive only, which the block then keeps to itself",
    "program_definition.source.releases": RELEASES,
    "program_definition.files_stamp": BLOCK,
    "program_definition.service": "its secret_environment is marked",
    "prometheus_releases": RELEASES,
    "service_definition.environment": "what everybody may read; secret_environment stands beside it",
    "service_definition.health": BLOCK,
    "service_definition.limits": BLOCK,
    "service_definition.log": BLOCK,
    "service_definition.reload": BLOCK,
    "service_definition.restart_token": "a version; it stands in units and property lists",
    "service_definition.secret_files": "where secrets lie",
    "thunderbolt_links": "cables",
    "vllm_environment": "settings that everybody may read; its key is refused in it",
    # Of modules.
    "certificate_authority.private_key": "where it lies",
    "service.restart_token": "a version; it stands in units and property lists",
    "service.secret_files": "where secrets lie",
}


def specified(name: str, option: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield name, option
    for key, member in (option.get("options") or {}).items():
        # What lies inside a secret is one.
        inherited = {"no_log": True} if option.get("no_log") else {}
        yield from specified(f"{name}.{key}", {**member, **inherited})


def role_options() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(REPOSITORY.glob("roles/*/meta/argument_specs.yml")):
        for entry in yaml_files.load(path)["argument_specs"].values():
            for name, option in (entry.get("options") or {}).items():
                yield from specified(name, option)


def is_free_form(option: dict[str, Any]) -> bool:
    """Tell whether an option takes mappings of any keys, such as an environment."""
    mapping = option["type"] == "dict" or (option["type"] == "list" and option.get("elements") == "dict")
    return mapping and not option.get("options")


SUSPECTS = {name: option for name, option in role_options() if is_secret_name(name) or is_free_form(option)}


@pytest.mark.parametrize("name", SUSPECTS)
def test_an_option_of_a_role_that_may_be_a_secret_is_marked(name: str) -> None:
    marked = SUSPECTS[name].get("no_log", False)
    assert marked is not (name in NO_SECRETS), "mark it with no_log, or say in NO_SECRETS why it is not secret"


@cache
def module_options() -> list[tuple[str, Any]]:
    """Return the names of all options of modules, and what they are said to be where that is written down at once."""
    declared = [
        (f"macos_headless.{option.name}", ast.Constant(True) if option.secret else None) for option in MACOS_OPTIONS
    ]
    paths = sorted(REPOSITORY.glob("plugins/modules/*.py"))
    # Where a module's options stand beside what reads them, in a package of its name.
    paths += [path for module in paths for path in sorted(MODULE_UTILS.glob(f"_{module.stem}/*.py"))]
    return [*declared, *(found for path in paths for found in options_in(path))]


def options_in(path: Path) -> Iterator[tuple[str, Any]]:
    module = path.parent.name.removeprefix("_") if path.is_relative_to(MODULE_UTILS) else path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(value, ast.Dict)):
                continue
            words = {
                word.value: member
                for word, member in zip(value.keys, value.values, strict=True)
                if isinstance(word, ast.Constant)
            }
            if "type" in words:
                yield f"{module}.{key.value}", words.get("no_log")


@pytest.mark.parametrize(
    ("name", "no_log"), [(name, no_log) for name, no_log in module_options() if is_secret_name(name.partition(".")[2])]
)
def test_an_option_of_a_module_that_may_be_a_secret_is_marked(name: str, no_log: ast.expr | None) -> None:
    marked = isinstance(no_log, ast.Constant) and no_log.value is True
    assert marked is not (name in NO_SECRETS), "mark it with no_log, or say in NO_SECRETS why it is not secret"


def test_every_reason_is_needed() -> None:
    known = {*SUSPECTS, *(name for name, _ in module_options() if is_secret_name(name.partition(".")[2]))}
    assert set(NO_SECRETS) - known == set()


def test_options_of_modules_are_found() -> None:
    names = {name for name, _ in module_options()}
    assert names >= {
        "macos_headless.filevault_password",
        "service.secret_environment",
        "file_tree.files",
        "adguard_home_file.content",
    }


def role_variables(role: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("defaults/main.yml", "vars/main.yml"):
        if (role / name).exists():
            found.update(yaml_files.load(role / name) or {})
    return found


SECRETS = {name for name, option in role_options() if option.get("no_log") and "." not in name}


def words_in(value: Any) -> set[str]:
    return set(re.findall(r"\b\w+\b", yaml_files.dump(value)))


def secrets_in(value: Any, variables: dict[str, Any]) -> set[str]:
    """Return the secrets that a value is made from, through however many variables."""
    found: set[str] = set()
    seen: set[str] = set()
    names = words_in(value)
    while names:
        found |= names & SECRETS
        seen |= names
        names = {other for name in names & variables.keys() - SECRETS for other in words_in(variables[name])} - seen
    return found


SERVICES = [
    pytest.param(definition, variables, id=name)
    for role in sorted((REPOSITORY / "roles").iterdir())
    for variables in [role_variables(role)]
    for name, definition in variables.items()
    if name.endswith("_service") and isinstance(definition, dict)
]


@pytest.mark.parametrize(("definition", "variables"), SERVICES)
def test_no_secret_is_in_what_everybody_sees_of_a_service(
    definition: dict[str, Any], variables: dict[str, Any]
) -> None:
    for part in ("arguments", "environment", "restart_token", "health", "description"):
        assert secrets_in(definition.get(part), variables) == set(), part


def test_what_a_secret_goes_through_is_followed() -> None:
    variables = {"__a": "{{ __b }}", "__b": {"x": "{{ exo_environment }}"}, "__c": "{{ __a.x }}"}
    assert secrets_in("{{ __c }}", variables) == {"exo_environment"}
    assert secrets_in("{{ exo_environments }} __a_b", variables) == set()
