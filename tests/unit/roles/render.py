# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Variables of roles as Ansible works them out on the management node.

In a process of its own: Ansible's way to find collections is not that of the tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]


def render(role: str, *names: str, **values: Any) -> list[Any]:
    """Return the values of variables of a role."""
    request = json.dumps({"role": role, "names": names, "values": values})
    done = subprocess.run([sys.executable, __file__], input=request, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


def _answer(role: str, names: list[str], values: dict[str, Any]) -> list[Any]:
    import yaml
    from ansible.module_utils.common.json import get_encoder
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar, trust_as_template

    def trusted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: trusted(member) for key, member in value.items()}
        if isinstance(value, list):
            return [trusted(member) for member in value]
        return trust_as_template(value) if isinstance(value, str) else value

    init_plugin_loader([str(REPOSITORY / "collections")])
    variables: dict[str, Any] = {}
    for part in ("cluster/defaults", "cluster/vars", f"{role}/defaults", f"{role}/vars"):
        variables |= trusted(yaml.safe_load((REPOSITORY / "roles" / part / "main.yml").read_text(encoding="utf-8")))
    templar = Templar(DataLoader(), {**variables, **values})
    encoder = get_encoder("tagless")
    return [json.loads(json.dumps(templar.template(variables[name]), cls=encoder)) for name in names]


if __name__ == "__main__":
    print(json.dumps(_answer(**json.load(sys.stdin))))
