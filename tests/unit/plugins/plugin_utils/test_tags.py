# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The tags of a run choose the lines of its report, and a tag that no play bears is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.filter.tagged_checks import FilterModule
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import (
    SPECIAL,
    unknown_tags,
)

from tests import yaml_files

REPOSITORY = Path(__file__).parents[4]
MONITORING = {"alertmanager", "cluster_exporter", "grafana", "node_exporter", "prometheus"}
SERVED_ALONE = {"llama_cpp", "mlx_lm", "ollama", "vllm"}
EVERYTHING = MONITORING | {
    *("adguard_home", "command_line_tools", "dns_client", "exo", "exo_models", "firewall", "haproxy", "llama_cpp"),
    *("macos_headless", "mlx_lm", "model_files", "model_store", "nvidia_driver", "ollama", "power_management", "vllm"),
    *("gateway", "proxy_client", "release_store", "squid", "thunderbolt"),
}


def plays(path: Path) -> list[dict]:
    return [play for play in yaml_files.load(path) if "hosts" in play]


@pytest.mark.parametrize(
    ("run", "skip", "chosen"),
    [
        pytest.param(["all"], [], EVERYTHING, id="no-tags"),
        pytest.param(["all"], ["exo"], EVERYTHING - {"exo"}, id="one-skipped"),
        pytest.param(["all"], ["cache"], EVERYTHING - {"squid", "proxy_client"}, id="a-playbook-skipped"),
        pytest.param(["all"], ["all"], set(), id="all-skipped"),
        pytest.param(["exo"], [], {"exo"}, id="one"),
        pytest.param(["backends", "dns"], [], {"adguard_home", "dns_client", "exo"} | SERVED_ALONE, id="playbooks"),
        pytest.param(
            ["models"],
            [],
            {"model_store", "model_files", "exo_models"} | SERVED_ALONE,
            id="a-playbook-whose-roles-have-further-tags",
        ),
        pytest.param(["monitoring"], ["grafana"], MONITORING - {"grafana"}, id="part-of-a-playbook"),
        pytest.param(["macos"], [], {"macos_headless", "thunderbolt", "command_line_tools"}, id="macs"),
        pytest.param(["verify"], [], EVERYTHING, id="verify"),
        pytest.param(["tagged"], [], EVERYTHING, id="tagged"),
        pytest.param(["a_tag_of_their_own"], [], set(), id="somebody-elses"),
    ],
)
def test_the_tags_choose_the_lines(run, skip, chosen):
    checks = [{"capability": name} for name in sorted(EVERYTHING)]
    left = FilterModule().filters()["tagged_checks"](checks, run, skip)
    assert {check["capability"] for check in left} == chosen


@pytest.mark.parametrize(
    ("run", "left"),
    [
        pytest.param(["all"], ["of itself", "of both"], id="everything"),
        pytest.param(["firewall"], ["of itself"], id="one"),
        pytest.param(["firewall", "exo"], ["of itself", "of both"], id="both"),
        pytest.param(["exo"], [], id="the other"),
    ],
)
def test_what_needs_another_one_is_left_out_without_it(run, left):
    checks = [
        {"capability": "firewall", "title": "of itself"},
        {"capability": "firewall", "title": "of both", "needs": ["exo"]},
    ]
    kept = FilterModule().filters()["tagged_checks"](checks, run, [])
    assert [check.pop("title") for check in kept] == left
    assert all(check == {"capability": "firewall"} for check in kept)


def test_every_capability_with_a_report_is_among_them():
    assert {path.parents[1].name for path in REPOSITORY.glob("roles/*/tasks/report.yml")} == EVERYTHING


@pytest.mark.parametrize(
    ("playbook", "tag", "sentence"),
    [
        pytest.param("site.yml", "exxo", "exxo is a tag of no play in this run; did you mean exo?", id="slip"),
        pytest.param("site.yml", "prom", "prom is a tag of no play in this run; did you mean prometheus?", id="part"),
        pytest.param(
            "site.yml",
            "node-exporter",
            "node-exporter is a tag of no play in this run; did you mean node_exporter?",
            id="hyphen",
        ),
        pytest.param(
            "site.yml",
            "bootstrap",
            "bootstrap is a tag of no play in this run; it is one of playbooks/bootstrap.yml.",
            id="of-another-playbook",
        ),
        pytest.param(
            "playbooks/uninstall.yml",
            "command_line_tools",
            "command_line_tools is a tag of no play in this run; it is one of playbooks/macos.yml.",
            id="not-uninstalled",
        ),
        pytest.param(
            "playbooks/validate.yml",
            "gpus",
            "gpus is a tag of no play in this run; write one of validate.",
            id="nothing-near",
        ),
        pytest.param("playbooks/dns.yml", "preflight", None, id="computed"),
        *(
            pytest.param("site.yml", tag, None, id=tag)
            for tag in sorted(SPECIAL | {"exo", "dns", "verify", "validate"})
        ),
        pytest.param("playbooks/verify.yml", "squid", None, id="lines-of-a-capability"),
        pytest.param("own.yml", "mine", None, id="theirs"),
        pytest.param("own.yml", "in_a_role_of_theirs", None, id="theirs-elsewhere"),
        pytest.param(
            "own.yml", "exxo", "exxo is a tag of no play in this run; did you mean exo?", id="a-slip-of-theirs"
        ),
        pytest.param("missing.yml", "any", None, id="unreadable"),
    ],
)
def test_unknown_tags(tmp_path, playbook, tag, sentence):
    own = tmp_path / "own.yml"
    site = {"import_playbook": str(REPOSITORY / "site.yml")}
    play = {"hosts": "all", "tags": "mine, ours", "vars": {"key": "KEY"}, "tasks": [{"include_tasks": "more.yml"}]}
    own.write_text(yaml.safe_dump([site, play]).replace("KEY", "!vault |\n      $ANSIBLE_VAULT"))
    path = tmp_path / playbook if playbook.startswith(("own", "missing")) else REPOSITORY / playbook
    assert unknown_tags([tag], [str(path)]) == ([sentence] if sentence else [])


def test_what_molecule_always_skips_is_no_mistake():
    skipped = ["molecule-notest", "notest", "molecule-idempotence-notest"]
    assert unknown_tags([*skipped, "exxo"], ["playbooks/verify.yml"]) == [
        "exxo is a tag of no play in this run; did you mean exo?"
    ]


# The checks and the validation are a part of others, and their tasks choose their tags.
NAMED = [path for path in sorted((REPOSITORY / "playbooks").glob("*.yml")) if path.stem not in ("checks", "validate")]


@pytest.mark.parametrize("path", NAMED, ids=lambda path: path.stem)
def test_the_name_of_a_playbook_is_a_tag_of_all_its_plays(path):
    assert [play["name"] for play in plays(path) if path.stem not in play.get("tags", [])] == []


def test_what_removes_a_capability_bears_the_tags_of_what_brings_it():
    for play in plays(REPOSITORY / "playbooks/uninstall.yml"):
        for name, tags in applied(play):
            if name != "uninstall":  # what is done around the capabilities
                assert tags - {"uninstall"} == registry().capabilities[name].tags, name
