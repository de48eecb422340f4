# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How long a service has to end before it is killed."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import control
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.launchd import make_plist
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import make_unit

from tests.unit.plugins.harness import call

LOADED = call(["/bin/launchctl", "print", "system/x"], out="x = {\n\tstate = running\n\tpid = 1\n}\n")


def described(**more):
    return Description(name="x", arguments=["/opt/x"], user="_x", **more)


@pytest.mark.parametrize(("more", "seconds"), [({}, 30), ({"stop_seconds": 110}, 110)])
def test_both_supervisors_are_told(more, seconds):
    assert f"TimeoutStopSec={seconds}\n" in make_unit(described(**more))
    assert make_plist(described(**more), "x", "/run")["ExitTimeOut"] == seconds


@pytest.mark.parametrize(("more", "grace"), [({}, []), ({"stop_seconds": 110}, ["--grace", "110"])])
def test_what_a_killed_program_leaves_has_as_long_where_it_needs_long(more, grace):
    words = make_plist(described(**more), "x", "/run")["ProgramArguments"]
    place = words.index("--grace") if "--grace" in words else len(words)
    assert words[place : place + 2] == grace


@pytest.mark.parametrize("seconds", [40, 120])
def test_launchd_is_waited_for_as_long_as_that(replay, clock, seconds):
    begin = clock.time
    looks = int(seconds / 0.5) + 1
    port = replay([call(["/bin/launchctl", "bootout", "system/x"]), *[LOADED] * looks])
    with pytest.raises(control.LaunchdError, match=f"still loaded {seconds} seconds after"):
        control.Launchd(port, seconds).unload("x")
    assert clock.time - begin == seconds
    port.finish()
