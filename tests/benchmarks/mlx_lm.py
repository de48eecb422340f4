# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our service costs: tokens per second through the front of mlx_lm, and of the bare program.

Both answer the same questions on this machine, by turns. The time is the client's.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests import mlx_front
from tests.benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.site.cluster import Cluster

ROUNDS = 9
TOKENS = 1000
GOAL = 0.98


def measure(_cluster: Cluster) -> Iterator[Measurement]:
    """Measure both, with the environment of the contract tests."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "library").mkdir()
        python = mlx_front.make_environment()
        ours = mlx_front.Service(place, python, mlx_front.make_library(place / "library"), parallel=1)
        mlx_front.put_model(ours.directory, "first", 1)
        port = mlx_front.free_port()
        command = [python.parent / "mlx_lm.server", "--model", ours.directory / mlx_front.FOLDER, "--port", str(port)]
        options = ["--log-level", "WARNING", "--decode-concurrency", "1", "--prompt-concurrency", "1"]
        ours.start().wait_ready()
        with (place / "bare").open("wb") as log:
            bare = subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            ours.wait(lambda: answers(port))
            rates = [(rate(ours.port, "qwen", n), rate(port, "default_model", n)) for n in range(ROUNDS + 1)][1:]
        finally:
            bare.terminate()
            bare.wait()
            ours.stop()
    with_service, without = (statistics.median(one) for one in zip(*rates, strict=True))
    yield Measurement("mlx_lm_service", with_service, "/s", "mlx_lm: tokens through our service", less_is_better=False)
    yield Measurement("mlx_lm_bare", without, "/s", "mlx_lm: tokens of the bare program", less_is_better=False)
    ratio = statistics.median(one / other for one, other in rates)
    what = "mlx_lm: our service against the bare program"
    yield Measurement("mlx_lm_share", ratio, "ratio", what, GOAL, less_is_better=False)


def answers(port: int) -> bool:
    """Tell whether the bare program listens."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def rate(port: int, model: str, number: int) -> float:
    """Return the tokens per second of one answer, from the question to its end."""
    question = {"model": model, "prompt": f"Tale {number}", "max_tokens": TOKENS}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    start = time.monotonic()
    connection.request("POST", "/v1/completions", json.dumps(question), {"Authorization": f"Bearer {mlx_front.KEY}"})
    answer = json.loads(connection.getresponse().read())
    seconds = time.monotonic() - start
    written: int = answer["usage"]["completion_tokens"]
    assert written == TOKENS, answer
    return written / seconds
