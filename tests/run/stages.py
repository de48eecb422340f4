# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The stages of the tests, in the order in which they are started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

ROOT = Path(__file__).parents[2]
THIRDS = 3
"""In how many parts the killed runs are."""
LANDINGS = 3
"""In how many landings everything has run once."""
BUDGET_MINUTES = 60.0
"""What the stages that take turns may take in one landing, added up: two thirds of what two lanes do in 45 minutes."""
_UNKNOWN_MINUTES = 5.0


@dataclass(frozen=True)
class Stage:
    """Something that runs by itself and passes or fails."""

    name: str
    command: tuple[str, ...]
    """Its arguments; ``{junit}`` is where it writes its results, as a file of JUnit."""
    after: tuple[str, ...] = ()
    """What has to have passed before."""
    environment: dict[str, str] = field(default_factory=dict)
    by_turns: bool = False
    """Whether `make test` runs it in one landing of three, and before others where what it tests has changed: scenarios
    of roles, and what takes long and seldom fails alone."""
    about: tuple[str, ...] = ()
    """Where what it tests begins, besides its own file or folder; a scenario's follows from its role."""
    alone: bool = False
    """Whether nothing else may run beside it, because it measures time."""
    waits: bool = False
    """Whether it mostly waits, for alerts or for the network: such stages have a lane of their own."""
    beside: bool = False
    """Whether it needs no lab and mostly computes: such stages have what the others leave of the processors."""


def _pytest(
    name: str,
    *arguments: str,
    after: tuple[str, ...] = (),
    waits: bool = False,
    beside: bool = False,
    by_turns: bool = False,
    about: tuple[str, ...] = (),
    **environment: str,
) -> Stage:
    command = ("pytest", "--quiet", "--durations=5", "--junitxml={junit}", *arguments)
    about = (*(word.partition("::")[0] for word in arguments if word.startswith("tests/")), *about) if about else ()
    return Stage(name, command, after, environment, by_turns, about, waits=waits, beside=beside)


def _molecule(name: str, sequence: str = "") -> Stage:
    configurations = "".join(f" -c .config/molecule/{part}.yml" for part in ("config", sequence) if part)
    # What it prepared in an earlier run may be gone.
    steps = f"molecule reset -s {name}\nmolecule{configurations} test -s {name} --destroy=never"
    environment = {"PYTEST_ADDOPTS": "--junitxml={junit}"}
    return Stage(name, ("sh", "-ec", steps), ("managed",), environment, by_turns=True, waits=name in WAITING)


def _page() -> Stage:
    """Return the tests of the status page, which install a browser first where there is none."""
    about = ("tests/page/", "src/hybrid_cluster/gateway/page/", "src/hybrid_cluster/command/status", "roles/haproxy/")
    steps = "make --no-print-directory page-packages\npytest --quiet --durations=5 --junitxml={junit} tests/page"
    return Stage("page", ("sh", "-ec", steps), by_turns=True, about=about, beside=True)


WAITING = {"sleep_agent"}
"""Scenarios that mostly wait, for hosts to fall asleep."""

_MONITORING = (
    *("roles/prometheus/", "roles/alertmanager/", "roles/grafana/", "roles/cluster_exporter/", "roles/node_exporter/"),
    *("dashboards/", "src/hybrid_cluster/gateway/metrics"),
)

_GATEWAY = ("src/hybrid_cluster/gateway/", "roles/gateway/", "tests/sleeping_site/")

WHOLE_SITE = "site_on_macos"
"""The one scenario that is not a role's: a site of Macs alone."""


def scenarios() -> list[str]:
    """Return the names of the roles' scenarios."""
    return sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml") if path.parent.name != WHOLE_SITE)


def all_stages(*, everything: bool) -> list[Stage]:
    """Return every stage, what others wait for and what takes longest first."""
    sequence = "with_check" if everything else ""
    macs = _molecule(WHOLE_SITE, sequence or "once")
    return [
        Stage("managed", ("python", "-m", "tests.states", "managed")),
        _pytest("story", "tests/site/test_story.py", after=("managed",)),
        Stage("check", ("python", "-m", "tests.run.check", "lint", "unit"), beside=True),
        _pytest("plays", "--numprocesses=auto", "tests/plays", beside=True),
        Stage(macs.name, macs.command, (), macs.environment, by_turns=True),
        _pytest("monitoring", "tests/monitoring", after=("story",), waits=True, by_turns=True, about=_MONITORING),
        _pytest("operations", "tests/site/test_operations.py", after=("story",), by_turns=True),
        _pytest(
            "uninstall",
            "tests/site/test_uninstall.py",
            after=("story",),
            by_turns=True,
            about=("roles/uninstall/", "playbooks/uninstall.yml"),
        ),
        *_faults(everything=everything),
        _pytest(
            "first_contact",
            "tests/site/test_first_contact.py",
            after=("managed",),
            by_turns=True,
            about=("roles/bootstrap/", "roles/preflight/", "playbooks/bootstrap.yml"),
        ),
        _pytest("releases", "tests/site/test_releases.py", by_turns=True),
        _pytest("installed", "tests/site/test_installed.py", by_turns=True),
        _pytest(
            "gpus",
            "tests/site/test_nvidia.py",
            by_turns=True,
            about=("roles/nvidia_driver/", "plugins/module_utils/_nvidia/", "lab/standins/nvidia/"),
        ),
        _pytest("secrets", "tests/site/test_secrets.py", after=("story",), by_turns=True),
        _pytest("restored", "tests/site/test_restored.py", after=("story",)),
        _pytest("lab", "tests/lab"),
        _pytest("chain", "--numprocesses=4", "tests/chain", waits=True),
        # Until the site is there, the lane for what waits is free.
        _pytest("contract", "tests/contract", "--ignore=tests/contract/mlx_lm", waits=True),
        _pytest("wake", "tests/wake"),
        _pytest(
            "gateway_soak",
            "tests/gateway_soak",
            waits=True,
            by_turns=True,
            about=_GATEWAY,
            SOAK_MINUTES="30" if everything else "5",
        ),
        _pytest(
            "gateway_clients", "tests/gateway_clients", by_turns=True, about=(*_GATEWAY, "requirements/gateway_clients")
        ),
        _pytest("gateway_abuse", "tests/gateway_abuse", waits=True, by_turns=True, about=_GATEWAY),
        _pytest(
            "cache",
            "tests/cache",
            after=("managed",),
            waits=True,
            by_turns=True,
            about=("roles/squid/", "roles/proxy_client/"),
        ),
        *(_molecule(name, sequence) for name in scenarios()),
        _pytest(
            "loop",
            "tests/site/test_loop.py",
            "tests/site/test_documented_commands.py",
            after=("managed",),
            by_turns=True,
        ),
        _pytest(
            "init",
            "tests/site/test_init.py",
            by_turns=True,
            about=("src/hybrid_cluster/command/init/", "plugins/module_utils/_macos/thunderbolt"),
        ),
        _page(),
        _pytest("no_management", "tests/site/test_no_management.py", after=("story",), by_turns=True),
        _pytest("upgrade", "tests/site/test_upgrade.py", after=("story",), by_turns=True),
        _pytest(
            "upgrade_command",
            "tests/site/test_upgrade_command.py",
            after=("story",),
            by_turns=True,
            about=("src/hybrid_cluster/command/upgrade/", "src/hybrid_cluster/gateway/drain"),
        ),
        *(_matrix() if everything else ()),
    ]


def _matrix() -> list[Stage]:
    """Return what only `make test-all` runs: other versions, tests of Ansible and Galaxy, the site, the benchmarks."""
    return [
        # Its environment is fetched and installed first.
        _pytest("contract_mlx_lm", "tests/contract/mlx_lm"),
        _pytest("models_on_exo", "tests/site/test_exo_models.py", after=("managed",), waits=True),
        _pytest("eight_macs", "tests/site/test_eight_macs.py", waits=True),
        _pytest("core_newest", "tests/matrix/test_core.py", CORE="newest"),
        _pytest("core_oldest", "tests/matrix/test_core.py", CORE="oldest"),
        _pytest("python39", "tests/matrix/test_python39.py"),
        _pytest("ptx", "tests/matrix/test_ptx.py"),
        _pytest("ansible_test", "tests/matrix/test_ansible_test.py"),
        _pytest("importer", "tests/matrix/test_importer.py"),
        _pytest("documentation", "tests/matrix/test_site.py"),
        Stage("benchmarks", ("make", "bench"), alone=True),
    ]


def _faults(*, everything: bool) -> list[Stage]:
    """Return the killed runs: twenty of them, or one for each third of the site, of which a landing has one."""
    path = "tests/site/test_faults.py"
    if everything:
        return [_pytest("faults", path, after=("managed",), FAULT_ROUNDS="20", FAULT_WHOLE="4")]
    return [
        _pytest(
            f"faults_{part + 1}",
            f"{path}::test_a_killed_run_converges_on_the_next[{part}]",
            after=("managed",),
            by_turns=True,
        )
        for part in range(THIRDS)
    ]


def select(
    stages: Sequence[Stage], changed: Container[str], left: Mapping[str, int], minutes: Mapping[str, float]
) -> tuple[list[Stage], list[str]]:
    """Return the stages of one landing, and the names of those that are left for the next ones.

    `left` is in how many landings in a row a stage has not run, `minutes` what each took in the last whole run. What
    has not run in two landings runs, then what changed, then what has waited longest, as far as the budget goes.
    """
    turns = [stage.name for stage in stages if stage.by_turns]
    due = [name for name in turns if left.get(name, 0) >= LANDINGS - 1]
    others = sorted(
        set(turns).difference(due), key=lambda name: (name not in changed, -left.get(name, 0), turns.index(name))
    )
    chosen, spent = set(due), sum(minutes.get(name, _UNKNOWN_MINUTES) for name in due)
    for name in others:
        cost = minutes.get(name, _UNKNOWN_MINUTES)
        if spent + cost <= BUDGET_MINUTES:
            chosen.add(name)
            spent += cost
    return [stage for stage in stages if not stage.by_turns or stage.name in chosen], sorted(set(turns) - chosen)
