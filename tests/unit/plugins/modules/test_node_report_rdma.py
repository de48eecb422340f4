# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The line about RDMA: on, or not known to be; only the text of one that is on was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., dict[str, Any]]

STATUS = ["/usr/bin/rdma_ctl", "status"]
RDMA = {"checks": [{"capability": "thunderbolt", "check": "rdma"}]}


def absent() -> None:
    raise CommandError("/usr/bin/rdma_ctl is not installed on this host.")


@pytest.mark.parametrize(
    ("answer", "ok", "measured"),
    [
        pytest.param(call(STATUS, out="enabled\n"), True, "enabled", id="on"),
        pytest.param(call(STATUS, out="Enabled by policy\n"), False, 'unknown ("Enabled by policy")', id="other-words"),
        pytest.param(call(STATUS, out="not enabled\n"), False, 'unknown ("not enabled")', id="a-part-of-it"),
        pytest.param(call(STATUS, out="enabled\n", rc=1), False, 'unknown ("enabled")', id="failed"),
        pytest.param(call(STATUS), False, "unknown (nothing)", id="silent"),
        pytest.param(
            call(STATUS, err="rdma_ctl: This tool needs to be executed from Recovery OS.\n", rc=77),
            False,
            'unknown ("rdma_ctl: This tool needs to be executed from Recovery OS.")',
            id="refused",
        ),
        pytest.param(
            call(STATUS, effect=absent),
            False,
            "unknown: /usr/bin/rdma_ctl is not installed on this host",
            id="a-macos-without-it",
        ),
        pytest.param(
            call(STATUS, hangs=True),
            False,
            "unknown: `/usr/bin/rdma_ctl status` did not finish within 60 seconds and was ended",
            id="hangs",
        ),
    ],
)
def test_rdma(run_module: Run, answer: Call, ok: bool, measured: str) -> None:
    (line,) = run_module("node_report", RDMA, [answer])["lines"]
    assert (line["title"], line["ok"], line["measured"], line["expected"]) == (
        "RDMA over Thunderbolt",
        ok,
        measured,
        "enabled",
    )
    if not ok:
        assert "run `rdma_ctl enable` in the Terminal there" in line["advice"]
        assert "thunderbolt_rdma: false" in line["advice"]


def test_a_program_that_is_not_there_is_the_error_that_is_assumed_here() -> None:
    with pytest.raises(CommandError, match=r"/nowhere/rdma_ctl is not installed on this host\."):
        Commands().run(["/nowhere/rdma_ctl", "status"])
