# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our service costs: tokens per second through llama.cpp's router as the role runs it, and of the bare program.

Both answer the same questions on this machine, by turns, with one thread each: several wait for each other, and on a
machine that does something else the wait is all that is measured. The time is the client's.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests import llama_server
from tests.benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.site.cluster import Cluster

ROUNDS = 9
TOKENS = 500
CONTEXT = 2048
GOAL = 0.98


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure both, with the program that the lab has compiled."""
    from lab.standins.model_hub import models

    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        program = llama_server.find_program(home)
        if program is None:
            cluster.lab("up")
            program = llama_server.find_program(home)
        assert program, "the lab has compiled it"
        model = home / "model.gguf"
        models.write_gguf(model)
        yield from compare(program, model, home)


def compare(program: Path, model: Path, home: Path) -> Iterator[Measurement]:
    """Ask both by turns."""
    ours = llama_server.Server(program, home)
    ours.write(llama_server.entry("model", model, context=CONTEXT), threads=1)
    bare = llama_server.Server(program, home)
    try:
        ours.start()
        ours.load()
        with (home / "bare").open("wb") as log:
            arguments = [
                "--model",
                str(model),
                "--ctx-size",
                str(CONTEXT),
                "--parallel",
                "1",
                "--threads",
                "1",
                "--port",
                str(bare.port),
            ]
            # A session of its own, as ours has: the kernel shares a busy processor among sessions.
            bare.process = subprocess.Popen(
                [str(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        bare.wait_for(lambda: bare.get("/health", key=None)[0] == 200)
        rates = [(rate(ours, number), rate(bare, number)) for number in range(ROUNDS + 1)][1:]
    finally:
        ours.stop()
        bare.stop()
    with_service, without = (statistics.median(one) for one in zip(*rates, strict=True))
    yield Measurement(
        "llama_cpp_service", with_service, "/s", "llama.cpp: tokens through our service", less_is_better=False
    )
    yield Measurement("llama_cpp_bare", without, "/s", "llama.cpp: tokens of the bare program", less_is_better=False)
    ratio = statistics.median(ours / bare for ours, bare in rates)
    yield Measurement(
        "llama_cpp_share", ratio, "ratio", "llama.cpp: our service against the bare program", GOAL, less_is_better=False
    )


def rate(server: llama_server.Server, number: int) -> float:
    """Return the tokens per second of one answer, from the question to its end."""
    question = {
        "model": "model",
        "prompt": f"Tale {number}",
        "n_predict": TOKENS,
        "ignore_eos": True,
        "cache_prompt": False,
    }
    start = time.monotonic()
    status, text, _ = server.ask("POST", "/v1/completions", question)
    seconds = time.monotonic() - start
    assert status == 200, text
    written: int = json.loads(text)["usage"]["completion_tokens"]
    assert written == TOKENS, text[:200]
    return written / seconds
