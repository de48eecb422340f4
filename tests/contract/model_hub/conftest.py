# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The hub under test: the stand-in, or the server at MODEL_HUB_URL, which has the repository MODEL_HUB_REPOSITORY.

It is asked by the huggingface_hub that hosts get, in an environment of its own that is made once for each lock file.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from lab.standins.model_hub import server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "roles/model_store/files/requirements.txt"
REAL = os.environ.get("MODEL_HUB_URL")
REPOSITORY = os.environ.get("MODEL_HUB_REPOSITORY", "lab/tiny-llama")
needs_stand_in = pytest.mark.skipif(
    REAL is not None, reason="another server goes wrong when it wants, and says not what it was asked"
)


PROGRAM = """
import json, huggingface_hub
try:
    {}
except Exception as error:
    result = type(error).__name__
print(json.dumps(result))
"""


@pytest.fixture(scope="session")
def python() -> str:
    """Return a Python with exactly what the lock file of the store names."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    environment = ROOT / f"build/model-hub-{digest}"
    program = environment / "bin/python"
    done = environment / "complete"
    if not done.exists():
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)], check=True)
        install = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(program), "-r", str(LOCK)]
        subprocess.run(install, check=True)
        done.touch()
    return str(program)


@dataclass
class Hub:
    """A hub, and the stand-in's own record of what it was asked, where it is one."""

    url: str
    state: server.State | None

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    def asked(self) -> list[tuple[str, str]]:
        """Return the requests since the last time."""
        assert self.state
        found = [(one.method, one.path) for one in self.state.requests]
        self.state.requests.clear()
        return found


@pytest.fixture(scope="session")
def started() -> server.HubServer | None:
    return None if REAL else server.start()


@pytest.fixture
def hub(started) -> Hub:
    if REAL:
        return Hub(REAL.rstrip("/"), None)
    started.state.requests.clear()
    return Hub(started.url, started.state)


@dataclass
class Client:
    """Runs a few lines with huggingface_hub, in a process and a home of their own."""

    python: str
    hub: Hub
    home: Path

    def run(self, code: str, **environment: str) -> Any:
        """Return what the lines leave in `result`, or the name of the error that they end with."""
        own = {"HF_ENDPOINT": self.hub.url, "HF_HOME": str(self.home), "HF_HUB_DISABLE_XET": "1"}
        own |= {
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "*",
            "PATH": os.defpath,
            **environment,
        }
        program = PROGRAM.format(code)
        done = subprocess.run([self.python, "-c", program], env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def client(python, hub, tmp_path) -> Client:
    return Client(python, hub, tmp_path / "home")


@pytest.fixture
def commit(hub) -> Iterator[str]:
    """The newest commit of the repository under test, by the hub's own words."""
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{hub.url}/api/models/{REPOSITORY}", timeout=30) as answer:
        found: str = json.load(answer)["sha"]
    if hub.state:
        hub.state.requests.clear()
    return found
