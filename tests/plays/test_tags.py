# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The tags of a run choose what is done and what is verified; a tag that no play bears stops it."""

from __future__ import annotations

import sys

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import known_tags

from tests.plays.conftest import REPOSITORY

ONE_MAC = str(REPOSITORY / "tests/inventories/good/one_mac.yml")
HERE = [
    "-i",
    ONE_MAC,
    *("-e", "ansible_connection=local"),
    *("-e", f"ansible_python_interpreter={sys.executable}"),
    *("-e", "ansible_become=false"),
]
MONITORING = {"alertmanager", "cluster_exporter", "grafana", "node_exporter", "prometheus"}
EVERYTHING = MONITORING | {
    *("adguard_home", "dns_client", "exo", "exo_models", "firewall", "haproxy", "macos_headless"),
    *("proxy_client", "release_store", "squid", "thunderbolt"),
}


@pytest.mark.parametrize(
    ("arguments", "capabilities"),
    [
        pytest.param(["--skip-tags", "exo"], EVERYTHING - {"exo", "thunderbolt"}, id="one-skipped"),
        pytest.param(["--tags", "cache", "--skip-tags", "squid"], {"proxy_client"}, id="part-of-a-playbook"),
        pytest.param(["--skip-tags", "verify"], set(), id="verify-skipped"),
    ],
)
def test_a_run_verifies_what_it_is_about(play, tmp_path, arguments, capabilities):
    done = play("playbooks/verify.yml", *HERE, "-e", f"cluster_secrets_directory={tmp_path}/.secrets", *arguments)
    assert done.rc == 0, done.text
    # This Mac has no cables.
    assert done.capabilities == capabilities


@pytest.mark.parametrize(
    ("playbook", "arguments"),
    [
        pytest.param("site.yml", ["--tags", "exo,exxo"], id="to-run"),
        pytest.param(
            "playbooks/uninstall.yml", ["--skip-tags", "exxo", "--limit", "olab1"], id="to-skip-under-a-limit"
        ),
    ],
)
def test_an_unknown_tag_stops_the_run_before_a_host_is_touched(play, playbook, arguments):
    done = play(playbook, *HERE, *arguments)
    assert done.rc == 2, done.text
    sentence = "exxo is a tag of no play in this run; did you mean exo?"
    assert [line.strip() for line in done.text.splitlines()].count(sentence) == 1
    assert done.text.count("PLAY [") == 1


def test_what_a_run_noted_is_no_variable_of_the_inventory(play, tmp_path):
    """The report of a site validates again, after roles have registered results under names of theirs."""
    playbook = tmp_path / "site.yml"
    validate = {"import_playbook": str(REPOSITORY / "playbooks/validate.yml")}
    tasks = [
        {"ansible.builtin.set_fact": {"exo_cluster": 1}},
        {"ansible.builtin.ping": None, "register": "exo_answer", "delegate_to": "localhost"},
    ]
    noting = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    playbook.write_text(yaml.safe_dump([validate, noting, validate]))
    done = play(playbook, *HERE)
    assert done.rc == 0, done.text


def test_the_tags_that_are_known_are_those_that_ansible_lists(play):
    listed = play("site.yml", "-i", ONE_MAC, "--list-tags")
    assert listed.rc == 0, listed.text
    lines = [line.partition("TASK TAGS: [")[2].rstrip("]") for line in listed.text.splitlines() if "TASK TAGS" in line]
    known = known_tags([str(REPOSITORY / "site.yml")]).tags
    assert known == {tag for line in lines for tag in line.split(", ")}


def test_no_play_of_a_partial_run_checks_the_arguments_of_roles_that_it_does_not_apply(play):
    """They were checked by validation; Ansible's own checks would run for every role of the site, whatever the tags."""
    for playbook in ("site.yml", "playbooks/bootstrap.yml", "playbooks/uninstall.yml"):
        listed = play(playbook, "-i", ONE_MAC, "--list-tasks")
        assert listed.rc == 0, listed.text
        assert "TAGS: [" in listed.text
        assert "Validating arguments" not in listed.text
