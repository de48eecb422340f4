# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Minutes of load while hosts sleep, wake and lose their power, and while both processes of the gateway are killed.

SOAK_MINUTES says for how long, SOAK_SEED what is drawn.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.gateway_soak.load import End, Load
from tests.sleeping_site.site import SLEEPING, site
from tests.sleeping_site.sleepers import wait_until

MINUTES = float(os.environ.get("SOAK_MINUTES", "5"))
SEED = int(os.environ.get("SOAK_SEED", str(random.randrange(10**6))))
CLIENTS = 10
MOST_MEGABYTES = 12
MOST_DESCRIPTORS = 4


def change(told):
    for group in told["groups"]:
        group["idle_after"] = 1
    for model in told["models"]:
        model["slots"] = 4


def usage(process):
    """Return the memory of a process in megabytes, and its open files and sockets."""
    place = Path(f"/proc/{process.pid}")
    status = (place / "status").read_text()
    kilobytes = int(status.partition("VmRSS:")[2].split()[0])
    return kilobytes / 1024, len(list((place / "fd").iterdir()))


class Faults:
    """What is done to the site, and from when until when that may be noticed."""

    def __init__(self, running, drawn):
        self._site, self._drawn = running, drawn
        self.times = []

    def host(self):
        """A host loses its power; it boots when a packet comes."""
        name = self._drawn.choice(list(SLEEPING))
        with self._noticed(name):
            self._site.sleepers[name].cut_power()

    def front(self):
        with self._noticed("front"):
            self._kill("front")
            self._site.start_front()
            self._site.ready()

    def control(self):
        with self._noticed("control"):
            self._kill("control")
            time.sleep(self._drawn.uniform(0, 1))
            self._site.start_control()
            self._gone_and_ready()

    def management(self):
        """The management node dies with all that runs on it, and comes again."""
        with self._noticed("management"):
            self._kill("control")
            self._kill("front")
            time.sleep(1)
            self._site.start_front()
            self._site.start_control()
            self._gone_and_ready()

    def _gone_and_ready(self):
        # HAProxy asks every two seconds, so it may not have noticed yet that nobody was there.
        time.sleep(4)
        self._site.ready()

    def _kill(self, name):
        process = getattr(self._site, name)
        process.kill()
        process.wait()

    @contextlib.contextmanager
    def _noticed(self, where):
        began = time.monotonic()
        try:
            yield
        finally:
            self.times.append((where, began, time.monotonic()))

    def explain(self, request):
        """Return whether a fault may have hit a request: one of its host while it ran, or one of the gateway."""
        host = {model: host for host, model in SLEEPING.items()}.get(request.model)
        return any(
            where in {"front", "control", "management", host} and request.began <= end and begin <= request.ended
            for where, begin, end in self.times
        )


def quiet(running, load):
    """Let nobody ask, and return what both processes use then."""
    load.paused = True
    wait_until(lambda: not load.running, "all requests end", 120)
    time.sleep(2)
    found = {name: usage(getattr(running, name)) for name in ("front", "control")}
    load.paused = False
    return found


def disturb(doing, until, drawn):
    while time.monotonic() < until:
        drawn.choice(doing)()
        time.sleep(drawn.uniform(4, 12))


@pytest.fixture
def running(tmp_path):
    with site(tmp_path, change) as made:
        made.secrets = {"client": made.keys.create("client")}
        yield made


def test_nothing_is_lost_and_nothing_grows(running):
    print(f"SOAK_SEED={SEED}")
    drawn, seconds = random.Random(SEED), MINUTES * 60
    load, faults = Load(running, running.secrets["client"], CLIENTS, SEED), Faults(running, drawn)
    asking = running.at("neighbour", load.run)
    began = time.monotonic()
    time.sleep(0.15 * seconds)
    before = quiet(running, load)
    # Of this part neither process ends, so what they use may be compared.
    disturb([faults.host, lambda: None], began + 0.6 * seconds, drawn)
    after = quiet(running, load)
    everything = [faults.host, faults.front, faults.control, faults.management]
    for each in everything[1:]:
        each()
        time.sleep(drawn.uniform(4, 8))
    disturb(everything, began + seconds, drawn)
    running.ready()
    load.over = True
    asking.result(200)

    ends = Counter(request.end for request in load.done)
    print(dict(ends), Counter(where for where, _, _ in faults.times), before, after)
    print({name: (one.wakes, sum("asleep" in said for said in one.said)) for name, one in running.sleepers.items()})
    assert [request for request in load.done if request.end is End.LOST] == []
    # Sleep is no fault: a request that none can have hit has its whole answer.
    unexplained = [one for one in load.done if one.end not in {End.WHOLE, End.LEFT} and not faults.explain(one)]
    assert unexplained == []
    assert ends[End.WHOLE] > MINUTES * 20
    for sleeper in running.sleepers.values():
        slept = [said["running"] for said in sleeper.said if "asleep" in said]
        # The first time was before the gateway began.
        assert len(slept) > 1, f"{sleeper.name} never slept"
        assert set(slept) == {0}, f"{sleeper.name} slept while it was busy"
        assert sleeper.wakes > 0
    for name in ("front", "control"):
        (memory, descriptors), (memory_after, descriptors_after) = before[name], after[name]
        assert memory_after - memory < MOST_MEGABYTES, name
        assert descriptors_after - descriptors < MOST_DESCRIPTORS, name
    assert running.mistakes() == []
