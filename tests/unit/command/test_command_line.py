# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Options, failures in one line, exit codes, pipes and completions."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from hybrid_cluster.command import exits
from tests.unit.command.conftest import COMMAND, MODELS, REPOSITORY, environment

EXAMPLE = "inventories/example"
TWO = {"macos": {"hosts": {"mini1": {"ansible_host": "127.0.0.1", "ansible_port": 1}}}}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["statsu"], exits.USAGE, "'status'", id="no such command"),
        pytest.param(["status", "--nothing"], exits.USAGE, "--nothing", id="no such option"),
        pytest.param(
            ["status", "-i", "nowhere"], exits.INVENTORY, "there is no inventory nowhere; write", id="missing"
        ),
        pytest.param(
            ["status", "-i", EXAMPLE, "--prometheus", "mini"], exits.USAGE, "has to be an address", id="address"
        ),
    ],
)
def test_a_failure_is_one_line(cluster, arguments, code, says):
    said = cluster(*arguments)
    assert (said.code, said.out) == (code, "")
    (line,) = said.err.splitlines()
    assert line.startswith("cluster: ")
    assert says in line


def test_with_v_it_shows_where_it_came_from(cluster):
    said = cluster("models", "-v", "-i", "nowhere")
    assert said.code == exits.INVENTORY
    assert "Traceback" in said.err
    assert said.err.splitlines()[-1].startswith("cluster: there is no inventory")


def test_an_inventory_that_cannot_be_read_is_one_line(cluster, tmp_path):
    (tmp_path / "hosts.yml").write_text("all: [\n")
    said = cluster("models", "-i", str(tmp_path))
    assert said.code == exits.INVENTORY
    assert [line for line in said.err.splitlines() if line.startswith("cluster: ")] == said.err.splitlines()[-1:]
    assert "cannot be read" in said.err


def test_without_a_word_it_says_what_there_is(cluster):
    said = cluster()
    assert (said.code, said.err) == (exits.OK, "")
    assert {"status", "topology", "models", "apply"} <= {line.split()[0] for line in said.lines if line.strip()}


def test_a_vault_is_read_with_the_password_that_is_configured(cluster, tmp_path):
    (tmp_path / "password").write_text("of the vault\n")
    vault = VaultLib([("default", VaultSecret(b"of the vault"))])
    models = yaml.safe_dump({"cluster_models": [{**MODELS[1], "name": "hidden", "hosts": ["mini1"]}]})
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_text("all: {children: {macos: {hosts: {mini1: }}, exo: {hosts: {mini1: }}}}\n")
    (folder / "group_vars/all.yml").write_bytes(vault.encrypt(models))
    closed = cluster("models", "--json", "-i", str(folder))
    assert (closed.code, closed.out) == (exits.INVENTORY, "")
    opened = cluster("models", "--json", "-i", str(folder), ANSIBLE_VAULT_PASSWORD_FILE=str(tmp_path / "password"))
    assert [model["name"] for model in opened.json["models"]] == ["hidden"]


def test_a_variable_that_cannot_be_worked_out_is_named(cluster, inventory):
    said = cluster("models", "-i", inventory(TWO, cluster_models="{{ nobody }}"))
    assert said.code == exits.INVENTORY
    assert "mini1: cluster_models cannot be worked out" in said.err


def test_which_inventory(cluster, inventory, tmp_path):
    """The option goes before the environment, which goes before ansible.cfg of this folder."""
    folder = inventory(TWO)
    elsewhere = tmp_path / "work"
    elsewhere.mkdir(mode=0o755)
    nobody = cluster("status", "--json", cwd=elsewhere, CLUSTER_PROJECT=str(REPOSITORY))
    assert nobody.code == exits.INVENTORY
    assert "no inventory is named; write -i" in nobody.err
    (elsewhere / "ansible.cfg").write_text(f"[defaults]\ninventory = {folder}\n")
    configured = cluster("status", "--json", cwd=elsewhere, CLUSTER_PROJECT=str(REPOSITORY))
    assert [host["name"] for host in configured.json["hosts"]] == ["mini1"]
    chosen = cluster("models", "--json", "-i", str(REPOSITORY / "inventories/lab"), cwd=elsewhere)
    assert [model["name"] for model in chosen.json["models"]] == ["tiny", "small", "tuned"]
    lab = str(REPOSITORY / "inventories/lab")
    named = cluster("models", "--json", cwd=elsewhere, ANSIBLE_INVENTORY=lab)
    assert named.json["models"] == chosen.json["models"]


def test_it_is_no_checkout(cluster, tmp_path):
    said = cluster("status", CLUSTER_PROJECT=str(tmp_path))
    assert said.code == exits.USAGE
    assert "is not a checkout" in said.err


def test_a_reader_who_has_enough(inventory):
    """`cluster status | head -1` ends without a word."""
    argv = [*COMMAND, "status", "-i", inventory(TWO)]
    with subprocess.Popen(
        argv, cwd=REPOSITORY, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.close()
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (exits.OK, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(cluster, shell):
    # Typer would look which shell it was started from, and here that may be none.
    said = cluster("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert said.code == exits.OK
    assert "_CLUSTER_COMPLETE" in said.out


def test_without_its_extra_it_says_what_is_missing():
    code = "import sys; sys.modules['typer'] = None; from hybrid_cluster.command.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == exits.FAILED
    assert done.stderr == "cluster: typer is not installed; install the package with its extra `command`.\n"


def test_help_fits_the_terminal(terminal):
    said = terminal("status", "--help")
    assert said.code == exits.OK
    assert max(map(len, said.lines)) <= 80
