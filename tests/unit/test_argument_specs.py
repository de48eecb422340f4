# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a role says about its variables is what it does: same names, same defaults, all described."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
# The values of one are in a role of their own, which the others depend on.
APART = REPOSITORY / "roles/cluster_values"
ROLES = sorted(path for path in (REPOSITORY / "roles").iterdir() if path.is_dir() and path != APART)
WITH_VARIABLES = [
    role for role in ROLES if (role / "defaults/main.yml").exists() or (role / "meta/argument_specs.yml").exists()
]


def load(role: Path, name: str) -> dict[str, Any]:
    path = (APART if role.name == "cluster" and not name.startswith("meta/") else role) / name
    return (yaml_files.load(path) or {}) if path.exists() else {}


def entry_points(role: Path) -> dict[str, dict[str, Any]]:
    specs: dict[str, dict[str, Any]] = load(role, "meta/argument_specs.yml").get("argument_specs", {})
    return specs


def options(role: Path) -> dict[str, dict[str, Any]]:
    return {
        name: option for entry in entry_points(role).values() for name, option in (entry.get("options") or {}).items()
    }


def nested(name: str, option: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield name, option
    for key, member in (option.get("options") or {}).items():
        yield from nested(f"{name}.{key}", member)


@pytest.mark.parametrize("role", WITH_VARIABLES, ids=lambda role: role.name)
def test_specified_and_real_defaults_are_equal(role: Path) -> None:
    defaults = load(role, "defaults/main.yml")
    specified = {name: option.get("default") for name, option in options(role).items() if not option.get("required")}
    required = {name for name, option in options(role).items() if option.get("required")}
    # See the next tests.
    hidden = {name for name, option in options(role).items() if option.get("no_log") and is_template(defaults[name])}
    hidden |= {name for name, option in options(role).items() if may_be_null(option)}
    expected = {name: None if name in hidden else value for name, value in defaults.items() if name not in required}
    assert expected == specified


def is_template(value: Any) -> bool:
    return "{{" in yaml_files.dump(value)


def may_be_null(option: dict[str, Any]) -> bool:
    return "V(null)" in str(option.get("description"))


ALL_OPTIONS = {name: option for role in ROLES for name, option in options(role).items()}
SECRET_OPTIONS = {name for name, option in ALL_OPTIONS.items() if option.get("no_log")}
A_SECRET = re.compile(rf"\b(?:{'|'.join(SECRET_OPTIONS)})\b")


@pytest.mark.parametrize("name", ALL_OPTIONS)
def test_no_default_in_a_specification_is_worked_out_from_a_secret(name: str) -> None:
    """Ansible works out the defaults of a specification and shows all of them when one variable is wrong."""
    default = ALL_OPTIONS[name].get("default")
    assert A_SECRET.findall(yaml_files.dump(default)) == []
    assert name not in SECRET_OPTIONS or not is_template(default)


def is_null(option: dict[str, Any]) -> bool:
    return option.get("default") is None and not option.get("required")


@pytest.mark.parametrize(
    "name", [name for name, option in ALL_OPTIONS.items() if may_be_null(option) or is_null(option)]
)
def test_what_may_be_null_is_accepted_as_null(name: str) -> None:
    """Ansible refuses null, or takes it for an empty text, where the specification has another default."""
    result = ArgumentSpecValidator({name: ALL_OPTIONS[name]}).validate({name: None})
    assert result.error_messages == []
    assert result.validated_parameters[name] is None


@pytest.mark.parametrize("role", WITH_VARIABLES, ids=lambda role: role.name)
def test_everything_is_described_and_typed(role: Path) -> None:
    assert entry_points(role), "the role has defaults and no meta/argument_specs.yml"
    for name, entry in entry_points(role).items():
        assert entry.get("short_description"), name
        assert entry.get("description"), name
        for option_name, option in entry.get("options", {}).items():
            for path, member in nested(option_name, option):
                assert member.get("description"), path
                assert member.get("type"), path
                assert member["type"] != "list" or member.get("elements"), path


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_names_have_the_prefix_of_their_role(role: Path) -> None:
    names = [*options(role), *load(role, "defaults/main.yml")]
    assert [name for name in names if not name.startswith(f"{role.name}_")] == []
    internal = [
        name
        for path in sorted((APART if role.name == "cluster" else role).glob("vars/*.yml"))
        for name in load(role, f"vars/{path.name}")
    ]
    assert [name for name in internal if not name.startswith(f"__{role.name}_")] == []


PREFIXES = "|".join(sorted((role.name for role in WITH_VARIABLES), key=len, reverse=True))
END_OF_NAME = r"\s*(?:==|[|})\],.!<>:~+])|\s+(?:is|in|and|or|if|else|not)\b"
REFERENCE = re.compile(rf"(?<![\w./'\"-])(?:{PREFIXES})_\w+(?={END_OF_NAME})")
MARKED = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|^\s*(?:when|that|until|failed_when|changed_when):.*$", re.DOTALL | re.MULTILINE
)


def referring_files() -> list[Path]:
    found: list[Path] = []
    for folder in ("roles", "playbooks", "inventories", "molecule"):
        found += [
            path for path in (REPOSITORY / folder).rglob("*") if path.suffix in (".yml", ".j2") and path.is_file()
        ]
    return sorted(found)


@cache
def known_names() -> set[str]:
    """Return the variables of all roles, and the results that the roles' tasks leave for others."""
    variables = {name for role in ROLES for name in (*options(role), *load(role, "defaults/main.yml"))}
    texts = (path.read_text() for path in (REPOSITORY / "roles").glob("*/tasks/*.yml"))
    return variables | {name for text in texts for name in re.findall(r"^\s+register: (\w+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("path", referring_files(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_variable_of_a_role_that_is_used_exists(path: Path) -> None:
    used = {name for part in MARKED.findall(path.read_text()) for name in REFERENCE.findall(part)}
    assert used - known_names() == set()


def test_a_use_is_recognised_as_one() -> None:
    text = 'name: "{{ exo_version }}"\nwhen: exo_state == "present"\npath: /x/exo_models/{{ exo_home | default }}\n'
    assert [name for part in MARKED.findall(text) for name in REFERENCE.findall(part)] == [
        "exo_version",
        "exo_state",
        "exo_home",
    ]


def definitions(kind: str) -> Iterator[Any]:
    for role in ROLES:
        for name, value in load(role, "vars/main.yml").items():
            if name.startswith("__") and name.endswith(f"_{kind}") and isinstance(value, dict):
                yield pytest.param(kind, value, id=name)


@pytest.mark.parametrize(("kind", "definition"), [*definitions("service"), *definitions("definition")])
def test_a_definition_has_what_its_building_block_knows(kind: str, definition: dict[str, Any]) -> None:
    """At run time a building block does not validate what our own roles give it."""
    block = {"service": "service", "definition": "python_environment" if "requirements" in definition else "program"}[
        kind
    ]
    known = options(REPOSITORY / "roles" / block)[f"{block}_definition"]["options"]
    assert definition.keys() <= known.keys()
