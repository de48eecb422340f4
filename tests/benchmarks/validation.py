# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the check of an inventory of 300 and of 1,000 hosts takes, from the command to its end.

The inventory is made for it: Macs with cables in pairs, Linux machines, models, and what an example says of ssh.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.measurements import ROOT, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.site.cluster import Cluster

GOALS = {300: 5.0, 1000: 15.0}
"""Seconds by the number of hosts."""
ROUNDS = 3
_SSH = "{{ bootstrap_ssh_directory }}"


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure: the fastest of some rounds, because other programs only ever slow one down."""
    with tempfile.TemporaryDirectory() as name:
        for size, goal in GOALS.items():
            path = Path(name) / f"{size}.json"
            path.write_text(json.dumps(inventory(size)), encoding="utf-8")
            rounds = [_run(path) for _ in range(ROUNDS)]
            yield Measurement(
                f"validation_{size}_seconds", min(one for one, _ in rounds), "s", f"{size} hosts: validation", goal=goal
            )
            yield Measurement(
                f"validation_{size}_controller", min(cpu for _, cpu in rounds), "CPU s", "  of it the controller's CPU"
            )


def inventory(size: int) -> dict[str, Any]:
    """Return an inventory without a mistake of so many hosts: two of three are Macs, half of them with exo."""
    macs = {f"mac{number}": _host(number) for number in range(size * 2 // 3)}
    machines = {f"box{number}": _host(number + len(macs)) for number in range(size - len(macs))}
    names = list(macs)
    pairs = zip(names[::2], names[1::2], strict=False)
    variables = {
        "ansible_user": "admin",
        "bootstrap_ssh_directory": "{{ inventory_dir | default('.') }}/.ssh",
        "ansible_ssh_private_key_file": f"{_SSH}/id_ed25519",
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={_SSH}/known_hosts -o StrictHostKeyChecking=yes",
        "cluster_domain": "home.arpa",
        "cluster_lan_subnet": "10.66.0.0/16",
        "cluster_lan_gateway": "10.66.0.1",
        "thunderbolt_subnet": "172.20.0.0/16",
        "thunderbolt_links": [{first: 1, second: 1} for first, second in pairs],
        "cluster_models": [_model(number) for number in range(10)],
    }
    python = {"ansible_python_interpreter": "/opt/hybrid-ai/python/bin/python3"}
    children = {
        "macos": {"vars": python, "hosts": macs},
        "linux": {"hosts": machines},
        "management": {"hosts": {"box0": None}},
        "exo": {"hosts": dict.fromkeys(names[: len(names) // 2])},
        "llama_cpp": {"hosts": dict.fromkeys(machines)},
    }
    return {"all": {"vars": variables, "children": children}}


def _host(number: int) -> dict[str, Any]:
    above, below = divmod(number, 200)
    return {"ansible_host": f"10.66.{above + 1}.{below + 10}", "mac_address": f"02:00:00:00:{above:02x}:{below:02x}"}


def _model(number: int) -> dict[str, Any]:
    source = {"repository": f"organisation/model-{number}", "revision": f"{number:040x}", "files": ["model.gguf"]}
    return {"name": f"model-{number}", "source": source, "format": "gguf", "backend": "llama_cpp"}


def _run(path: Path) -> tuple[float, float]:
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "-i", str(path), str(ROOT / "playbooks/validate.yml")]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    before, start = _cpu_seconds(), time.monotonic()
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if answer.returncode != 0:
        sys.exit(f"validation failed:\n{answer.stdout[-4000:]}{answer.stderr[-1000:]}")
    return seconds, _cpu_seconds() - before


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
