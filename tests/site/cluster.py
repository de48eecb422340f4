# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks against a lab the way a person does, and reads what they did."""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lab import sites

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# What a login reads: zsh's file on a Mac, which need not be there, and PAM's on Linux.
LOGIN = "if [ ! -d /Library ]; then set -a; . /etc/environment; set +a; elif [ -e /etc/zshenv ]; then . /etc/zshenv; fi"


@dataclass
class Run:
    """What one run of a playbook printed and did."""

    rc: int
    output: str
    tasks: list[tuple[str, str, dict]] = field(default_factory=list)
    """(task, host, result) of every task that ran, in order."""
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    def succeeded(self) -> Run:
        """Fail the test with what went wrong unless the run succeeded."""
        failures = [f"{host}: {task}: {result.get('msg')}" for task, host, result in self.tasks if result.get("failed")]
        assert self.rc == 0, "\n".join(failures) or self.output[-4000:]
        return self

    @property
    def changed(self) -> set[tuple[str, str]]:
        """(host, task) of everything that changed."""
        return {(host, task) for task, host, result in self.tasks if result.get("changed")}

    @property
    def hosts(self) -> set[str]:
        """Hosts that took part."""
        return set(self.stats)


class Cluster:
    """A lab and the playbooks that run against it."""

    def __init__(self, name: str, inventory: str = "inventories/lab") -> None:
        self.name = name
        self.inventory = inventory
        self.directory = Path("/run/hybrid-lab") / name
        self.environment = {
            **os.environ,
            "LAB_NAME": name,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        }

    def lab(self, *arguments: str, stdin: str = "") -> str:
        """Run the lab's command."""
        answer = subprocess.run(
            [str(BIN / "lab"), *arguments],
            env=self.environment,
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"lab {' '.join(arguments)}: {answer.stdout}{answer.stderr}"
        return answer.stdout

    def execute(self, host: str, *command: str, stdin: str = "") -> str:
        """Run a command as root on a host, past SSH."""
        return self.lab("exec", host, "--", *command, stdin=stdin)

    def login(self, host: str, script: str) -> str:
        """Run a shell script as root with the environment of a login."""
        return self.execute(host, "sh", "-ec", f"{LOGIN}; {script}")

    def wait_for(self, host: str, state: str, seconds: float = 60) -> None:
        """Wait until the lab says that a host is in a state."""
        deadline = time.monotonic() + seconds
        while state not in (lines := {line.split()[0]: line for line in self.lab("status").splitlines()})[host]:
            assert time.monotonic() < deadline, lines[host]
            time.sleep(0.5)

    def turn_filevault_on(self, host: str) -> None:
        """Encrypt a Mac, as its owner would."""
        answers = plistlib.dumps({"Username": "admin", "Password": self.password}).decode()
        self.execute(host, "fdesetup", "enable", "-inputplist", stdin=answers)

    @property
    def password(self) -> str:
        """What a bare host knows."""
        return (self.directory / "password").read_text().strip()

    @property
    def python_site(self) -> str:
        """A site of the internet that the lab reaches by HTTPS: the one this machine has its Python packages from."""
        return sites.read(self.name)["python"]

    def argv(self, playbook: str, *arguments: str) -> list[str]:
        """Return the command line of a run."""
        return [str(BIN / "ansible-playbook"), "-i", self.inventory, playbook, *arguments]

    def start(self, playbook: str, *arguments: str, json_output: bool = False, **named: str) -> subprocess.Popen[str]:
        """Start a run in a process group of its own."""
        environment = dict(self.environment, **named)
        if json_output:
            environment["ANSIBLE_STDOUT_CALLBACK"] = "ansible.posix.json"
        return subprocess.Popen(
            self.argv(playbook, *arguments),
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook and read its results."""
        process = self.start(playbook, *arguments, json_output=True)
        output, _ = process.communicate()
        return read_run(process.returncode, output)

    def bootstrap(self) -> Run:
        """Bring bare hosts under management with the password they know."""
        secret = str(self.directory / "password")
        return self.play(
            "playbooks/bootstrap.yml", "--connection-password-file", secret, "--become-password-file", secret
        ).succeeded()


def read_run(rc: int, output: str) -> Run:
    """Read the results out of the JSON that follows whatever warnings were printed before it."""
    start = output.find("\n{") + 1 if not output.startswith("{") else 0
    try:
        document, _ = json.JSONDecoder().raw_decode(output[start:])
    except ValueError:
        return Run(rc, output)
    tasks = [
        (task["task"]["name"], host, result)
        for play in document["plays"]
        for task in play["tasks"]
        for host, result in task["hosts"].items()
    ]
    return Run(rc, output, tasks, document["stats"])
