# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A machine that wakes and a host that sleeps, each a network namespace of this machine."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args

from lab import netns
from tests.chain.network import Network, network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODULE = "ansible_collections.hybrid_ai.cluster.plugins.modules.wake_on_lan"
SLEEPER = str(Path(__file__).with_name("sleeper.py"))


class Sleeper:
    """The host that sleeps."""

    def __init__(self, joined: Network) -> None:
        self.network = joined
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """Its address in the network."""
        return self.network.hosts["sleeper"]

    @property
    def mac_address(self) -> str:
        """That of its card."""
        shown = self.network.argv("sleeper", "cat", "/sys/class/net/lan/address")
        return subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip()

    def sleep(self, *, misses: int = 0) -> None:
        """Fall asleep."""
        argv = self.network.argv("sleeper", sys.executable, SLEEPER, "lan", str(misses))
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline()) == {"asleep": True}

    def heard(self) -> list[dict[str, Any]]:
        """End it, and return the packets that came."""
        assert self._process is not None
        self._process.terminate()
        said, _ = self._process.communicate()
        return [json.loads(line) for line in said.splitlines()]

    def end(self) -> None:
        """Leave nothing."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def sleeper() -> Iterator[Sleeper]:
    """Have the network and the host, not yet asleep."""
    with network("wake", ("manager", "sleeper")) as joined:
        made = Sleeper(joined)
        yield made
        made.end()


@pytest.fixture
def wake(sleeper: Sleeper, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run the module on the machine that wakes."""

    def run(*, check: bool = False, **options: object) -> dict[str, Any]:
        host = {"mac_address": sleeper.mac_address, "address": sleeper.address}
        asked = {**host, **options, "_ansible_check_mode": check}
        module = importlib.import_module(MODULE)
        capsys.readouterr()
        with netns.inside(sleeper.network.space("manager")), patch_module_args(asked), pytest.raises(SystemExit):
            module.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        return result

    return run
