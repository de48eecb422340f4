# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster chat`: answers as they come, in a pipe and on a terminal, stopped by Ctrl-C, harmless whatever they hold."""

from __future__ import annotations

import io
import subprocess

import pexpect
import pytest

from hybrid_cluster.command import exits
from hybrid_cluster.command.chat import Answer, pieces, readable
from tests.unit.command.conftest import COLUMNS, COMMAND, REPOSITORY, environment
from tests.unit.command.gateways import Talker, known, person, served, speech, write_inventory
from tests.unit.gateway.fakes import CUT, sse


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inventory")
    write_inventory(folder)
    with served(folder) as found:
        yield found


@pytest.fixture
def ask(running, monkeypatch, capsys):
    """Put a question on standard input, in this process, and return what came of it."""

    def ask(question, *words, says=None, url=None):
        running.talker.__init__()
        running.talker.parts = says or running.talker.parts
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(question)))
        return person(monkeypatch, capsys, known(running.secrets.parent), url or running.url)("chat", *words)

    return ask


def test_a_question_in_a_pipe(running):
    running.talker.__init__()
    running.talker.parts = speech("One\n", "two", thoughts=("Hm.",))
    done = subprocess.run(
        [*COMMAND, "chat", "-i", str(running.secrets.parent), "public", "--system", "Be short."],
        cwd=REPOSITORY,
        env=environment(CLUSTER_GATEWAY=running.url),
        input="What is it?\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    # What it thought is for people and for --json.
    assert (done.returncode, done.stdout, done.stderr) == (exits.OK, "One\ntwo\n", "")
    assert running.talker.asked[-1]["messages"] == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "What is it?\n"},
    ]


def test_for_programs_and_a_model_that_would_move_the_terminal(ask):
    bad = "\x1b]52;c;bad\x07\x9b2J\tend\r\n"
    said = ask(b"Hi", "public", "--json", says=speech(bad, thoughts=("Hm.",)))
    document = said.json
    assert (document["text"], document["reasoning"], document["finish_reason"]) == (bad, "Hm.", "stop")
    assert document["usage"]["completion_tokens"] == 1
    assert all(0x20 <= ord(letter) < 0x7F for letter in said.out.rstrip("\n"))
    # Letter by letter, as tokens may come.
    assert ask(b"Hi", "public", says=speech(*bad)).out == "]52;c;bad2J    end\n"


def test_an_answer_that_breaks_off_is_no_whole_one(ask):
    said = ask(b"Hi", "public", says=[*speech("Hel")[:1], CUT])
    assert (said.code, said.out) == (exits.FAILED, "Hel\n")
    assert said.err == "cluster: llama_cpp broke off its answer.\n"
    said = ask(b"Hi", "public", "--json", says=[*speech("Hel")[:1], CUT])
    assert (said.code, said.out) == (exits.FAILED, "")


def test_a_question_of_odd_bytes_is_sent(running, ask):
    assert ask(b"a\xff?", "public").code == exits.OK
    assert running.talker.asked[-1]["messages"][0]["content"] == "a\ufffd?"


@pytest.mark.parametrize(
    ("question", "words", "says", "told"),
    [
        (b" \n", ["public"], None, (exits.USAGE, "there is no question on standard input.")),
        (b"Hi", ["nothing"], None, (exits.NO_HOSTS, "model 'nothing' not found")),
        (b"Hi", ["public"], sse({"error": {"message": "out of memory"}}), (exits.FAILED, "out of memory")),
    ],
)
def test_a_failure_is_one_line(ask, question, words, says, told):
    said = ask(question, *words, says=says)
    assert (said.code, said.out) == (told[0], "")
    (line,) = said.err.splitlines()
    assert line.startswith("cluster: ")
    assert told[1] in line


def test_where_no_gateway_runs(ask):
    said = ask(b"Hi", "public", url="http://127.0.0.1:1")
    assert (said.code, said.out) == (exits.GATEWAY, "")
    assert said.err == "cluster: no gateway answers at http://127.0.0.1:1: connection refused.\n"


def test_what_comes_is_told_from_what_waits(tmp_path):
    """The gateway's sign of life while it wakes a host is shown as that, and not as an answer."""
    lines = [b": waking\n", b": waking\n", *speech("Hi")]
    raw = io.BytesIO(b"".join(lines))

    class Scripted:
        def ask(self, *_):
            return io.BytesIO(), raw

    answer = Answer()
    assert [(piece.is_waiting, piece.text) for piece in pieces(Scripted(), "public", [], answer)] == [
        *[(True, "")] * 2,
        (False, "Hi"),
    ]
    assert (answer.text, answer.is_whole, answer.error, raw.closed) == ("Hi", True, None, True)


def test_half_a_character_is_marked():
    assert readable("a\ud83d\tb") == "a?    b"


def test_on_a_terminal(running):
    """Questions have those before with them, thoughts are dim, and Ctrl-C stops an answer and the backend."""
    talker: Talker = running.talker
    talker.__init__()
    talker.parts = speech("Hello", " there", thoughts=("Let me see",))
    child = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], "chat", "-i", str(running.secrets.parent), "--gateway", running.url, "alias"],
        cwd=str(REPOSITORY),
        env=environment(),
        dimensions=(24, COLUMNS),
        encoding="utf-8",
        timeout=120,
    )
    child.expect("Ctrl-D ends.")
    child.expect("> ")
    child.sendline("first")
    child.expect("\x1b\\[2mLet me see\x1b\\[0m")
    child.expect("Hello")
    child.expect("there")
    child.expect("> ")
    talker.parts, talker.hangs = speech("Once upon")[:1], True
    child.sendline("second")
    child.expect("Once upon")
    child.sendintr()
    child.expect("stopped")
    assert talker.left.wait(20)
    child.expect("> ")
    talker.parts, talker.hangs = speech("Fine"), False
    child.sendline("third")
    child.expect("Fine")
    child.expect("> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == exits.OK
    said = [message["content"] for message in talker.asked[-1]["messages"]]
    assert said == ["first", "Hello there", "second", "Once upon", "third"]
