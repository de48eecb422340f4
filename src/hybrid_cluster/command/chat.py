# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster chat`: an answer is shown as it comes, and nothing in it moves the terminal."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.errors import ClusterError, reason
from hybrid_cluster.command.gateway import CLIENT_KEY, failure
from hybrid_cluster.command.output import FAINT, UNSURE, words

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.console import Console

    from hybrid_cluster.command.gateway import Gateway

_PATH = "/v1/chat/completions"
_LONGEST_LINE = 16 * 1024 * 1024
_LONGEST_QUESTION = 64 * 1024 * 1024
_PROMPT = "> "
Messages = list[dict[str, str]]


@dataclass
class Answer:
    """What a model said."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    error: ClusterError | None = None
    """Why it is not whole."""
    is_whole: bool = False


@dataclass(frozen=True)
class Piece:
    """What came at a time."""

    text: str = ""
    reasoning: str = ""
    is_waiting: bool = False
    """Whether the gateway says that hosts are woken, or that others are before."""


def chat(gateway: Gateway, model: str, system: str | None, *, as_json: bool) -> int:
    """Talk, or answer the one question on standard input."""
    begin: Messages = [{"role": "system", "content": system}] if system else []
    # What a terminal cannot show is a question mark there.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    if not sys.stdin.isatty():
        return _answer_one(gateway, model, begin, as_json=as_json)
    if as_json:
        raise ClusterError("--json answers one question, which comes on standard input.", exits.USAGE)
    return _talk(gateway, model, begin)


def _answer_one(gateway: Gateway, model: str, begin: Messages, *, as_json: bool) -> int:
    raw = sys.stdin.buffer.read(_LONGEST_QUESTION + 1)
    if len(raw) > _LONGEST_QUESTION:
        raise ClusterError("the question on standard input is too long.", exits.USAGE)
    question = raw.decode("utf-8", "replace")
    if not question.strip():
        raise ClusterError("there is no question on standard input.", exits.USAGE)
    messages = [*begin, {"role": "user", "content": question}]
    if as_json:
        answer = Answer()
        for _ in pieces(gateway, model, messages, answer):
            pass
        if answer.error is None:
            said = {"text": answer.text, "reasoning": answer.reasoning or None}
            output.show_json({"model": model, **said, "finish_reason": answer.finish_reason, "usage": answer.usage})
    else:
        answer = _show(gateway, model, messages, output.console())
    if answer.error is not None:
        raise answer.error
    return exits.OK


def _talk(gateway: Gateway, model: str, messages: Messages) -> int:
    """Ask and answer until Ctrl-D; what was said is sent with each question."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - lines can be edited, and those before come back
    console = output.console()
    console.print(words(f"{model}: Ctrl-C stops an answer, Ctrl-D ends.", FAINT))
    while True:
        try:
            question = input(_PROMPT if console.is_terminal else "")
        except EOFError:
            console.print()
            return exits.OK
        except KeyboardInterrupt:
            console.print()
            raise
        if not question.strip():
            continue
        # Half a character, as a terminal may send it, is none.
        question = question.encode("utf-8", "replace").decode("utf-8")
        answer = _show(gateway, model, [*messages, {"role": "user", "content": question}], console)
        if answer.error is not None:
            if answer.error.exit_code in {exits.REFUSED, exits.NO_HOSTS}:
                # The next question would end like this one.
                raise answer.error
            output.say_error(answer.error)
        elif not answer.is_whole:
            console.print(words("(stopped)", UNSURE))
        if answer.text:
            messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]


def _show(gateway: Gateway, model: str, messages: Messages, console: Console) -> Answer:
    """Print an answer as it comes; on a terminal Ctrl-C stops it, and with it the backend."""
    answer, last, thought = Answer(), "", False
    is_terminal = console.is_terminal
    try:
        with contextlib.ExitStack() as stack:
            status = stack.enter_context(console.status("")) if is_terminal else None
            for piece in stack.enter_context(contextlib.closing(pieces(gateway, model, messages, answer))):
                if piece.is_waiting:
                    if status is not None:
                        status.update(words("waiting for a host or a place", FAINT))
                    continue
                if status is not None:
                    status.stop()
                    status = None
                if piece.reasoning and is_terminal:
                    console.print(words(readable(piece.reasoning), FAINT), end="", soft_wrap=True)
                    last, thought = piece.reasoning, True
                if piece.text:
                    if thought:
                        console.print("" if last.endswith("\n") else "\n")
                        thought = False
                    console.print(words(readable(piece.text)), end="", soft_wrap=True)
                    last = piece.text
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
    if last and not last.endswith("\n"):
        console.print()
    if answer.finish_reason == "length" and is_terminal:
        console.print(words("(cut off at the most tokens that an answer may have)", UNSURE))
    return answer


def readable(text: str) -> str:
    """Return a text in which tabs are blanks and half characters are marked; `words` takes out the controls."""
    return text.replace("\t", "    ").encode("utf-8", "replace").decode("utf-8")


def pieces(gateway: Gateway, model: str, messages: Messages, answer: Answer) -> Generator[Piece]:
    """Give what comes, and gather it in an answer; to leave early ends the answer at the backend too."""
    fields = {"model": model, "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
    try:
        connection, response = gateway.ask("POST", _PATH, CLIENT_KEY, fields, None)
    except ClusterError as error:
        answer.error = error
        return
    try:
        while line := response.readline(_LONGEST_LINE):
            if line.startswith(b":"):
                yield Piece(is_waiting=True)
            elif line.startswith(b"data:") and (data := line[5:].strip()):
                if data == b"[DONE]":
                    answer.is_whole = True
                    return
                piece = _take(gateway, data, answer)
                if answer.error is not None:
                    return
                if piece.text or piece.reasoning:
                    yield piece
        answer.error = ClusterError(f"{gateway.shown} ended the answer before it was whole.", exits.GATEWAY)
    except (OSError, http.client.HTTPException) as error:
        answer.error = ClusterError(f"the answer broke off: {reason(error)}.", exits.GATEWAY)
    finally:
        response.close()
        connection.close()


def _take(gateway: Gateway, data: bytes, answer: Answer) -> Piece:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        answer.error = ClusterError(f"{gateway.shown} does not answer as the gateway does.", exits.GATEWAY)
        return Piece()
    if isinstance(value.get("error"), dict):
        answer.error = failure(value["error"], 0, gateway, CLIENT_KEY)
        return Piece()
    if isinstance(value.get("usage"), dict):
        answer.usage = value["usage"]
    choices = value.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    if isinstance(choice.get("finish_reason"), str):
        answer.finish_reason = choice["finish_reason"]
    delta = choice["delta"] if isinstance(choice.get("delta"), dict) else {}
    said, thought = delta.get("content"), delta.get("reasoning_content") or delta.get("reasoning")
    piece = Piece(said if isinstance(said, str) else "", thought if isinstance(thought, str) else "")
    answer.text += piece.text
    answer.reasoning += piece.reasoning
    return piece
