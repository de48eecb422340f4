# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The libraries of clients, each in an environment of its own, and a site for them to ask."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hybrid_cluster.gateway.keys import KeyKind
from tests.sleeping_site.site import MANAGEMENT, PORT, Site, site
from tests.sleeping_site.sleepers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOCK = ROOT / "requirements/gateway_clients.txt"
# Kept between runs, by what they are made from.
ENVIRONMENTS = ROOT / "build/gateway-clients"
MODEL, HOST = "small", "box"


def kept(name: str, *made_from: Path) -> tuple[Path, bool]:
    """Return where something is kept, and whether it is there already."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_from)).hexdigest()[:16]
    place = ENVIRONMENTS / f"{name}-{digest}"
    return place, (place / ".done").exists()


@pytest.fixture(scope="session")
def python() -> str:
    """Return the Python of an environment with the libraries."""
    place, done = kept("python", LOCK)
    if not done:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        words = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
        subprocess.run([place / "bin/python", "-m", "pip", *words], check=True)
        (place / ".done").touch()
    return str(place / "bin/python")


@pytest.fixture(scope="session")
def node() -> Path:
    """Return where openai-node lies, beside the script that asks by it."""
    if shutil.which("npm") is None:
        pytest.skip("There is no npm on this machine; install nodejs and npm.")
    place, done = kept("node", HERE / "package-lock.json", HERE / "ask.mjs")
    if not done:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", "ask.mjs"):
            shutil.copy(HERE / name, place)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=place, check=True)
        (place / ".done").touch()
    return place


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a site of which the model has the API of OpenAI alone, so that the others are translated."""

    def change(told: dict[str, Any]) -> None:
        for model in told["models"]:
            for member in model["members"]:
                member["backend"] = "external"

    with site(tmp_path_factory.mktemp("site"), change) as made:
        made.secrets = {"client": made.keys.create("client")}
        made.secrets["boss"] = made.keys.create("boss", kind=KeyKind.ADMINISTRATOR)
        yield made


class Clients:
    """Asks as people do."""

    def __init__(self, running: Site, python: str, node: Path, home: Path) -> None:
        self.site = running
        self._python, self._node, self._home = python, node, home
        told = {
            "model_id": MODEL,
            "model_name": MODEL,
            "api_base": f"{running.url}/v1",
            "api_key_name": "gateway",
            "supports_tools": True,
        }
        (home / "extra-openai-models.yaml").write_text(yaml.safe_dump([told]))
        # As `llm keys set gateway` does.
        (home / "keys.json").write_text(json.dumps({"gateway": running.secrets["client"]}))

    def start(self, library: str, case: str) -> subprocess.Popen[str]:
        """Ask by a library."""
        program = ["node", str(self._node / "ask.mjs")] if library == "node" else [self._python, str(HERE / "ask.py")]
        names = {"URL": self.site.url, "KEY": self.site.secrets["client"], "MODEL": MODEL}
        own = {f"GATEWAY_{name}": value for name, value in names.items()}
        environment = {**os.environ, **own, "LLM_USER_PATH": str(self._home), "NO_PROXY": "*", "no_proxy": "*"}
        argv = self.site.network.argv("neighbour", *program, library, case)
        return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ask(self, library: str, case: str) -> Any:
        """Return what a library made of the answer."""
        return finish(self.start(library, case))

    def put_to_sleep(self) -> None:
        """Have the model's host sleep, as an administrator does."""
        url = f"http://127.0.0.1:{PORT}/admin/v1/sleep"
        header = self._home / "header"
        header.write_text(f"Authorization: Bearer {self.site.secrets['boss']}\n")
        words = ["curl", "--silent", "--header", f"@{header}", "--json", json.dumps({"host": HOST}), url]
        done = subprocess.run(self.site.network.argv(MANAGEMENT, *words), capture_output=True, text=True, check=True)
        assert "error" not in done.stdout, done.stdout
        wait_until(lambda: self.site.state(HOST) == "asleep", "the host sleeps")


def finish(process: subprocess.Popen[str]) -> Any:
    """Return what a client printed; the last lines of its complaint where it failed."""
    said, complained = process.communicate(timeout=90)
    assert process.returncode == 0, complained[-2000:]
    return json.loads(said)


@pytest.fixture(scope="session")
def clients(running: Site, python: str, node: Path, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Return what asks by all of the libraries."""
    return Clients(running, python, node, tmp_path_factory.mktemp("clients"))
