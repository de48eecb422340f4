# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A removal says what goes and asks. Only the asking is run here: what follows it would be done to this machine."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest
import yaml

from tests.plays.conftest import REPOSITORY

DESK = str(REPOSITORY / "tests/inventories/good/desk.yml")
REFUSAL = (
    "Nothing was removed, because nobody said yes; write -e confirm=yes to remove what is listed above without being"
    " asked."
)
QUESTION = "Remove all of this? Write yes to go on"
MODELS = "Everything that these have stored goes, but for models; -e remove_models=yes removes these too."
ACCESS = (
    "At last the key, sudo without a password and the Python of Macs go: Ansible does not get in after it."
    " -e keep_access=yes keeps them."
)
WENT_ON = "It goes on."


def joined(text: str) -> str:
    """Return what was printed without its line breaks."""
    return " ".join(text.split())


def test_without_a_yes_no_host_is_touched_and_one_sentence_says_what_to_write(play):
    done = play("playbooks/uninstall.yml", "-i", DESK)
    assert done.rc == 2, done.text
    assert joined(done.text).count(f"msg: {REFUSAL}") == 1
    # The inventory, the question, and no summary of what was not done.
    assert done.text.count("PLAY [") == 2
    assert "WHAT WAS CHANGED" not in done.text
    assert "WHAT IS WRONG" not in done.text


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """Return a playbook that asks, and does nothing then."""
    tasks = [{"ansible.builtin.debug": {"msg": WENT_ON}, "run_once": True}]
    ask = {"hosts": "all", "gather_facts": False, "tags": ["always"], "vars": {"uninstall_step": "confirm"}}
    ask["roles"] = ["hybrid_ai.cluster.uninstall"]
    then = {"hosts": "all", "gather_facts": False, "tags": ["always"], "tasks": tasks}
    path = tmp_path / "ask.yml"
    path.write_text(yaml.safe_dump([ask, then]))
    return path


MACS = (
    "node_exporter, sleep_agent, exo_models, model_files, model_store, exo, power_management, firewall, thunderbolt,"
    " macos_headless, proxy_client, dns_client"
)


@pytest.mark.parametrize(
    ("arguments", "said", "unsaid"),
    [
        pytest.param([], [f"olab1, olab2, olab3: {MACS}", MODELS, ACCESS], [], id="everything"),
        pytest.param(["--limit", "olab2"], [f"olab2: {MACS}", ACCESS], ["olab1", "olab0"], id="one-host"),
        pytest.param(["--tags", "exo"], ["olab1, olab2, olab3: exo", MODELS], ["olab0", ACCESS], id="one-capability"),
        pytest.param(["--skip-tags", "exo"], [MACS.replace("exo, ", "", 1)], [ACCESS], id="all-but-one"),
        pytest.param(["-e", "keep_access=yes"], [MODELS], [ACCESS], id="keeps-the-access"),
        pytest.param(["-e", "remove_models=yes"], ["stored goes, and the models with it."], [MODELS], id="models-too"),
    ],
)
def test_it_says_what_goes_and_does_not_ask_where_the_answer_is_given(play, asking, arguments, said, unsaid):
    done = play(asking, "-i", DESK, "-e", "confirm=yes", *arguments)
    assert done.rc == 0, done.text
    shown = joined(done.text.partition("TASK [hybrid_ai.cluster.uninstall : Show")[2].partition("TASK [")[0])
    shown = shown.partition("msg:")[2]
    assert [text for text in said if text not in shown] == []
    assert [text for text in unsaid if text in shown] == []
    assert WENT_ON in done.text


def test_a_check_does_not_ask(play, asking):
    done = play(asking, "-i", DESK, "--check")
    assert done.rc == 0, done.text
    assert WENT_ON in done.text


@pytest.mark.parametrize("confirm", ["no", "perhaps"])
def test_what_is_no_yes_is_none(play, asking, confirm):
    done = play(asking, "-i", DESK, "-e", f"confirm={confirm}")
    assert done.rc == 2, done.text
    assert REFUSAL in joined(done.text)


def test_where_nothing_is_to_be_removed_nobody_is_asked(play, asking):
    done = play(asking, "-i", DESK, "--tags", "exo", "--limit", "olab0")
    assert done.rc == 0, done.text
    assert "Nothing is to be removed." in done.text


def answered(playbook: Path, answer: str) -> tuple[int, str]:
    """Run a playbook at a terminal where a person answers its question."""
    argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", DESK, str(playbook)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(REPOSITORY)
        os.execve(argv[0], argv, environment)
    text = ""
    while True:
        if not select.select([terminal], [], [], 2)[0]:
            # What came before the question was out is thrown away, so it is said until somebody listens.
            if QUESTION in text:
                os.write(terminal, f"{answer}\r".encode())
            continue
        try:
            text += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # its end
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text


@pytest.mark.parametrize(
    ("answer", "goes_on"),
    [
        pytest.param("yes", True, id="yes"),
        pytest.param("no", False, id="no"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_person_is_asked_once(asking, answer, *, goes_on):
    rc, text = answered(asking, answer)
    assert (rc == 0, WENT_ON in text) == (goes_on, goes_on), text
    assert text.count(QUESTION) == 1
    assert (REFUSAL in joined(text)) is not goes_on
