# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A converged lab, as the tests of monitoring see it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]
INVENTORY = Path(os.environ.get("LAB_INVENTORY", REPOSITORY / "inventories/lab"))
SPEED_UP = {
    "prometheus_interval_seconds": 5,
    "prometheus_alert_delay": "0s",
    "alertmanager_group_wait_seconds": 1,
}


def run(*argv: str, stdin: str | None = None, check: bool = True) -> str:
    """Run a program here and return what it prints."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0 or not check, f"{' '.join(argv)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@dataclass(frozen=True)
class Lab:
    """The hosts of the lab, and Prometheus and Grafana on the management node."""

    management: str
    addresses: dict[str, str]

    def execute(self, host: str, script: str) -> str:
        """Run a shell script as root inside a host."""
        return run("lab", "exec", host, "--", "/bin/sh", "-ec", script)

    def fetch(self, url: str, *, user: str = "") -> Any:
        """Return a JSON document, asked for from inside the management node."""
        arguments = f"-u '{user}' " if user else ""
        return json.loads(
            self.execute(
                self.management, f"curl --silent --retry 5 --retry-connrefused --noproxy '*' {arguments}'{url}'"
            )
        )

    def address(self, host: str, port: int) -> str:
        """Return the address of a service."""
        return f"http://{self.addresses[host]}:{port}"

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Ask Prometheus, through Grafana's data source."""
        password = Path(f"/run/hybrid-lab/{os.environ['LAB_NAME']}/password").read_text(encoding="utf-8").strip()
        grafana = self.address(self.management, 3000)
        url = f"{grafana}/api/datasources/proxy/uid/prometheus/api/v1/query?{urlencode({'query': expression})}"
        answer = self.fetch(url.replace("'", "%27"), user=f"admin:{password}")
        assert answer.get("status") == "success", f"{expression}: {answer}"
        result = answer["data"]["result"]
        return result if answer["data"]["resultType"] != "scalar" else [{"metric": {}, "value": result}]

    def firing(self, alert: str, **labels: str) -> bool:
        """Tell whether an alert fires."""
        matchers = "".join(f', {name}="{value}"' for name, value in labels.items())
        return bool(self.query(f'ALERTS{{alertstate="firing", alertname="{alert}"{matchers}}}'))


def wait(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} seconds"
        time.sleep(2)


def inventory() -> dict[str, Any]:
    """Return the inventory as Ansible lists it."""
    listed: dict[str, Any] = json.loads(run("ansible-inventory", "-i", str(INVENTORY), "--list"))
    return listed


def alerts() -> list[str]:
    """Return the names of all alerts."""
    document = yaml.safe_load((REPOSITORY / "roles/prometheus/files/alerts.yml").read_text(encoding="utf-8"))
    return [rule["alert"] for group in document["groups"] for rule in group["rules"]]
