# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Variables of roles as Ansible works them out on the management node.

In a process of its own: Ansible's way to find collections is not that of the tests. It is started once, since loading
Ansible takes most of its time, and answers each request in a fork of itself, which knows nothing of those before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[3]
TEMPLATE = "__rendered_template"
"""Stands for a variable whose value is the text of the template that `template` names."""


@cache
def _renderer() -> subprocess.Popen[str]:
    """Start the process; it ends with its input, at the latest with that of the tests."""
    return subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def render(role: str, *names: str, **values: Any) -> list[Any]:
    """Return the values of variables of a role; `tasks/FILE.yml:NAME` is the fact NAME as that file sets it."""
    process = _renderer()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"role": role, "names": names, "values": values}) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer != "\n", "it says on its standard error why it has no answer"
    answers: list[Any] = json.loads(answer)
    return answers


def render_template(role: str, name: str, **values: Any) -> str:
    """Return the text of a template of a role."""
    (text,) = render(role, TEMPLATE, template=str(REPOSITORY / "roles" / role / "templates" / name), **values)
    return str(text)


def _make_renderer() -> Callable[..., list[Any]]:
    """Load what every request needs."""
    from ansible.module_utils.common.json import get_encoder
    from ansible.module_utils.common.yaml import yaml_load
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar, trust_as_template

    def trusted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: trusted(member) for key, member in value.items()}
        if isinstance(value, list):
            return [trusted(member) for member in value]
        return trust_as_template(value) if isinstance(value, str) else value

    def load(part: str) -> dict[str, Any]:
        found: dict[str, Any] = trusted(
            yaml_load((REPOSITORY / "roles" / part / "main.yml").read_text(encoding="utf-8"))
        )
        return found

    def fact(role: str, name: str) -> Any:
        path, _, fact = name.partition(":")
        tasks = yaml_load((REPOSITORY / "roles" / role / path).read_text(encoding="utf-8"))
        (found,) = (
            task["ansible.builtin.set_fact"] for task in tasks if fact in task.get("ansible.builtin.set_fact", ())
        )
        return trusted(found[fact])

    def answer(role: str, names: list[str], values: dict[str, Any]) -> list[Any]:
        variables = {**shared, "role_path": str(REPOSITORY / "roles" / role)}
        for part in (f"{role}/defaults", f"{role}/vars"):
            variables |= load(part)
        variables[TEMPLATE] = trust_as_template("{{ lookup('ansible.builtin.template', template) }}")
        variables |= {name: fact(role, name) for name in names if ":" in name}
        templar = Templar(DataLoader(), {**variables, **values})
        return [json.loads(json.dumps(templar.template(variables[name]), cls=encoder)) for name in names]

    init_plugin_loader([str(REPOSITORY / "collections")])
    encoder = get_encoder("tagless")
    shared = {**load("cluster_values/defaults"), **load("cluster_values/vars")}
    # Finds the filters, which every fork would have to do again.
    Templar(DataLoader(), {}).template(
        trust_as_template("{{ {} | hybrid_ai.cluster.service_table | dict2items | list }}")
    )
    return answer


def _serve() -> None:
    """Answer each line with one: the values, or nothing where there is an error."""
    answer = _make_renderer()
    for request in sys.stdin:
        child = os.fork()
        if child == 0:
            print(json.dumps(answer(**json.loads(request))), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print(flush=True)


if __name__ == "__main__":
    _serve()
