# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What people are told to read, run or write exists: files, commands, tags, playbooks, services and alerts."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for path in ROOT.glob("plugins/**/*.py") if "doc_fragments" not in path.parts)
TASKS = sorted(ROOT.glob("roles/*/tasks/*.yml"))
ALERTS = ROOT / "roles/prometheus/files/alerts.yml"
# What our own programs are called, whether they are there yet or not.
OUR_PROGRAMS = {"cluster", "lab"}
# Programs that hosts or the controller have; the rest of a command is for the tests of what runs it.
PROGRAMS = {
    *("apt-cache", "dkms"),
    *("ansible-galaxy", "ansible-playbook", "ansible-vault", "apt-get", "brew", "chmod", "csrutil", "curl"),
    *("dpkg", "dscl", "fdesetup", "git", "hdiutil", "ifconfig", "ip", "journalctl", "launchctl", "mdutil"),
    *("networksetup", "nft", "nvram", "openssl", "pfctl", "ping", "plutil", "pmset"),
    *("ps", "rdma_ctl", "resolvectl", "scutil", "softwareupdate", "ssh", "ssh-add", "ssh-keygen", "ssh-keyscan"),
    *("sudo", "sw_vers", "sysctl", "system_profiler", "systemctl", "systemsetup", "tmutil", "usermod"),
    *("xcode-select", "xcodebuild"),
    *("nvidia-smi", "rmmod"),
}  # fmt: skip
HOLE = "{}"


def constants(tree: ast.AST) -> Iterator[str]:
    """Yield every text of a program but its documentation, with a hole where something is put in."""
    nodes = list(ast.walk(tree))
    documentation = {
        id(node.value) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    documentation |= {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    }
    parts: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            parts |= {id(value) for value in ast.walk(node) if isinstance(value, ast.Constant)}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation | parts:
            yield node.value


def messages(document: Any) -> Iterator[str]:
    """Yield what tasks say to people, wherever in them it stands."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in {"msg", "fail_msg", "success_msg"} and isinstance(value, str):
                yield re.sub(r"{{.*?}}", HOLE, value, flags=re.DOTALL)
            else:
                yield from messages(value)
    elif isinstance(document, list):
        for item in document:
            yield from messages(item)


def alerts() -> dict[str, dict[str, str]]:
    groups = yaml_files.load(ALERTS)["groups"]
    return {rule["alert"]: rule["annotations"] for group in groups for rule in group["rules"]}


@cache
def texts() -> dict[str, list[str]]:
    """Return every text that somebody may be shown, by the file it stands in."""
    found = {path: list(constants(ast.parse(path.read_text(encoding="utf-8")))) for path in SOURCES}
    found |= {path: list(messages(yaml_files.load(path))) for path in TASKS}
    found[ALERTS] = [text for annotations in alerts().values() for text in annotations.values()]
    return {str(path.relative_to(ROOT)): said for path, said in found.items() if said}


@cache
def tags() -> set[str]:
    """Return every tag of the playbooks, and Ansible's own."""
    found = {"all", "always", "never"}

    def look(document: Any) -> None:
        if isinstance(document, dict):
            given = document.get("tags", [])
            found.update([given] if isinstance(given, str) else given)
        for inner in (
            document.values() if isinstance(document, dict) else document if isinstance(document, list) else []
        ):
            look(inner)

    for path in [ROOT / "site.yml", *ROOT.glob("playbooks/*.yml")]:
        look(yaml_files.load(path))
    return found


@cache
def services() -> set[str]:
    """Return the names of all services of ours."""
    shared = yaml_files.load(ROOT / "roles/cluster_values/vars/main.yml")
    found = set()
    for path in ROOT.glob("roles/*/vars/main.yml"):
        variables = yaml_files.load(path) or {}
        for variable, value in variables.items():
            if isinstance(value, str) and variable.endswith("_service"):
                # Laid over what two services of a role share.
                found.update(re.findall(r"'name': '([\w-]+)'", value))
            if isinstance(value, dict) and {"name", "user", "home"} <= set(value):
                name = str(value["name"])
                # A name that roles share is a variable of its own.
                found.add(str(shared.get(name.strip("{} "), name)))
    for path in TASKS:
        for task in yaml_files.load(path) or []:
            found.add(str((task.get("hybrid_ai.cluster.service") or {}).get("name", "")))
    return found - {""}


def named(file: str, *patterns: str) -> list[str]:
    """Return what the texts of a file name."""
    lines = [" ".join(text.split()) for text in texts()[file]]
    return [match for pattern in patterns for line in lines for match in re.findall(pattern, line)]


def test_tags() -> None:
    known = tags() | {HOLE, ""}
    patterns = (r"--(?:skip-)?tags[ =]([\w,{}]+)", r"\bwith the tags? ([\w,{}]+)")
    found = {(file, tag) for file in texts() for words in named(file, *patterns) for tag in words.split(",")}
    assert {(file, tag) for file, tag in found if tag not in known} == set()


def test_playbooks_and_other_files_of_the_project() -> None:
    # A role's own files are named among its tasks, and programs call their configuration as they like.
    # So do the programs that read them.
    internal = {
        ("plugins/plugin_utils/_tags.py", "tasks/report.yml"),
        ("plugins/module_utils/_exo/source.py", "config.toml"),
    }
    written = {path.name for path in ROOT.glob("roles/*/**/*.yml")} | {"prometheus.yml", "alertmanager.yml"}
    places = (ROOT, ROOT / "playbooks", ROOT / "inventories/example")
    pattern = r"(?<![\w/.{}%-])((?:\w[\w-]*/)*[a-z_]+\.(?:yml|txt|md|toml))\b"
    found = {(file, name) for file in texts() for name in named(file, pattern)}
    missing = {(file, name) for file, name in found if not any((place / name).exists() for place in places)}
    of_roles = {(file, name) for file, name in missing if file.startswith("roles/") and name in written}
    assert missing - of_roles - internal == set()


def test_commands() -> None:
    scripts = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"])
    commands = {(file, words.split()[0]) for file in texts() for words in named(file, r"`([a-z][\w./-]*(?: [^`]+)?)`")}
    assert {(file, program) for file, program in commands if program not in PROGRAMS | scripts} == set()


def test_commands_of_ours_are_not_named_before_they_are_there() -> None:
    scripts = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"])
    verbs = "apply|bench|chat|doctor|energy|hold|idle|init|keys|launch|models|sleep|status|topology|up|upgrade|wake"
    pattern = rf"\b((?:{'|'.join(OUR_PROGRAMS)}) (?:{verbs}))\b"
    found = {(file, words) for file in texts() for words in named(file, pattern)}
    assert {(file, words) for file, words in found if words.split()[0] not in scripts} == set()


def test_services() -> None:
    found = {(file, name) for file in texts() for name in named(file, r"\blog of the service (?!and\b)([a-z][\w-]*)")}
    assert {(file, name) for file, name in found if name not in services()} == set()


def test_alerts_name_alerts_and_services_that_exist() -> None:
    actions = " ".join(annotations["action"] for annotations in alerts().values())
    named_alerts = set(re.findall(r"\b((?:[A-Z][a-z]+){2,})\b", actions)) - {"AdGuard", "RunnerIdle", "RunnerLoading"}
    assert named_alerts - set(alerts()) == set()
    logs = set(re.findall(r"\blog of (?!the\b)([a-z][\w-]*)|\bat that of ([a-z][\w-]*)", actions))
    assert {name for pair in logs for name in pair if name} - services() == set()


def test_one_place_composes_the_logs_of_services() -> None:
    composing = []
    for path in SOURCES:
        said = texts().get(str(path.relative_to(ROOT)), [])
        if any("/var/log/hybrid-ai" in text for text in said) or "_names.LOG_DIRECTORY}/{" in path.read_text():
            composing.append(path.name)
    assert composing == ["_names.py"]


def test_there_is_something_to_look_at() -> None:
    joined = [text for said in texts().values() for text in said]
    assert sum("site.yml" in text for text in joined) > 20
    assert sum("--tags" in text for text in joined) > 5
    assert {"exo", "measurements", "squid", "download-relay"} <= services()
    assert {"exo", "macos_headless", "cache", "verify"} <= tags()
