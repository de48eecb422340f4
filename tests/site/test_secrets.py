# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of any role appears in output at -vvv, in results, in a list of processes or in a file for everybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.site import canaries, leaks
from tests.site.cluster import ROOT

CALLBACKS = str(ROOT / "tests/site/callback_plugins")


class Watched:
    """Runs of a playbook with every secret of the site set to a value that can be found."""

    def __init__(self, cluster, folder: Path) -> None:
        self.cluster = cluster
        self.values, self.unknown = canaries.values()
        self.patterns = canaries.patterns(cluster.password)
        self._secrets, self._variables = folder / "secrets.json", folder / "variables.json"
        self._results, self._ansible = folder / "results", folder / "ansible"
        self._variables.write_text(canaries.variables(str(self._secrets), self.values))

    def play(self, playbook: str, *arguments: str, **changed: object) -> tuple[int, str, list[str]]:
        """Run a playbook; return its status, what it said, and where it showed a secret meanwhile."""
        self._secrets.write_text(json.dumps({**self.values, **changed}))
        self._secrets.chmod(0o600)
        self._results.write_text("")
        environment = {
            "ANSIBLE_CALLBACK_PLUGINS": CALLBACKS,
            "ANSIBLE_CALLBACKS_ENABLED": "hybrid_ai.cluster.cluster_summary,dump_results",
            "DUMP_RESULTS": str(self._results),
            # Another run may use the usual one.
            "ANSIBLE_HOME": str(self._ansible),
            "FILEVAULT_PASSWORD": self.cluster.password,
        }
        password = "{{ lookup('ansible.builtin.env', 'FILEVAULT_PASSWORD') }}"
        filevault = {"macos_headless_filevault_user": "admin", "macos_headless_filevault_password": password}
        ended: list[tuple[int, str]] = []

        def run() -> None:
            words = [playbook, "-vvv", "--diff", "-e", f"@{self._variables}", "-e", json.dumps(filevault), *arguments]
            process = self.cluster.start(*words, **environment)
            output = process.communicate()[0]
            ended.append((process.returncode, output))

        shown = [f"process list: {line}" for line in leaks.while_running(self.cluster.name, self.patterns, run)]
        status, output = ended[0]
        results = self._results.read_text()
        assert results, "no callback was given a result"
        shown += [f"output: {place}" for place in leaks.in_text(output, self.patterns)]
        shown += [f"callback: {place}" for place in leaks.in_text(results, self.patterns)]
        return status, output, shown

    def left(self) -> list[str]:
        """Return where a secret shows up after a run."""
        shown = [
            f"process list: {line!r}" for line in leaks.while_running(self.cluster.name, self.patterns, lambda: None)
        ]
        shown += [f"file: {place}" for place in leaks.readable_files(self.cluster, self.patterns)]
        shown += [f"host: {place}" for place in leaks.said_on_hosts(self.cluster, self.patterns)]
        # On the controller nothing but what the test itself made, and the lab's own password.
        known = {self._secrets, self.cluster.directory / "password"}
        places = leaks.files_with(self.patterns, self.cluster.directory, self._ansible)
        return shown + [f"controller: {place}" for place in places if place not in known]


@pytest.fixture
def watched(cluster, tmp_path):
    """Return what runs a playbook with the secrets of the site."""
    return Watched(cluster, tmp_path)


def test_no_secret_of_any_role_is_shown(site, watched, cluster):
    """Every option that is marked with no_log, in a run of the whole site that changes all of them."""
    assert watched.unknown == [], "write down in tests/site/canaries.py what these are filled with"
    cluster.turn_filevault_on("olab1")
    status, output, shown = watched.play("site.yml")
    assert status == 0, output[-3000:]
    assert cluster.execute("olab1", "fdesetup", "status").startswith("FileVault is Off.")
    assert sorted({*shown, *watched.left()}) == []
    assert len(leaks.processes_with(cluster.name, watched.values["exo_environment"])) >= len(leaks.MACS)
    for limit, tag, wrong, sentence in wrong_values(watched.values):
        status, output, shown = watched.play("site.yml", "--limit", limit, "--tags", tag, **wrong)
        assert status != 0
        assert sentence in output
        assert sorted({*shown, *watched.left()}) == []


def wrong_values(values):
    """Yield a host, a role, a secret that is wrong and what its program or its module says about it."""
    token = [values["exo_environment"]["HF_TOKEN"]]
    sentence = "The environment variable HF_TOKEN of the service exo is not a string: put it in quotes."
    yield "olab1", "exo", {"exo_environment": {"HF_TOKEN": token}}, sentence
    jobs = [{**job, "scrape_interval": f"{canaries.MARK}-wrong"} for job in values["prometheus_extra_scrape_configs"]]
    sentence = "promtool refuses the new files for /opt/hybrid-ai/etc/prometheus, and nothing was replaced"
    yield "olab0", "prometheus", {"prometheus_extra_scrape_configs": jobs}, sentence


def test_the_password_of_a_bare_host(cluster):
    cluster.lab("reset")
    patterns, outputs = [cluster.password.encode()], []

    def bootstrap() -> None:
        path = str(cluster.directory / "password")
        process = cluster.start(
            "playbooks/bootstrap.yml", "-vvv", "--connection-password-file", path, "--become-password-file", path
        )
        outputs.append(process.communicate()[0])
        assert process.returncode == 0, outputs[0][-3000:]

    assert leaks.while_running(cluster.name, patterns, bootstrap) == []
    assert leaks.in_text(outputs[0], patterns) == []
    disks = [Path("/var/lib/hybrid-lab") / cluster.name / host / "upper" for host in ("olab0", "olab1")]
    assert leaks.files_with(patterns, *disks, cluster.directory / "log", cluster.directory / "ssh") == []
