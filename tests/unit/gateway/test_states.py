# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""When hosts that serve together wake, serve and sleep."""

from __future__ import annotations

import random

import pytest

from hybrid_cluster.gateway.actions import (
    AskVetoes,
    Drain,
    DropConnections,
    Enable,
    Forward,
    Probe,
    Prove,
    Refuse,
    StopWaking,
    Suspend,
    Wake,
)
from hybrid_cluster.gateway.states import CannotSleep, Group, Rules, State

RULES = Rules(idle_after=600)
TWO = ("olab1", "olab2")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def reached(group, there=True, members=None):
    found = []
    for member in members or group.members:
        found += group.reached(member, there)
    return found


def in_state(clock, state, rules=RULES, members=("olab1",), proved=True):
    """Return a group in a state, with the model "m" proved where it serves."""
    group = Group("group", members, rules, clock, proved=proved)
    if state is State.UNKNOWN:
        return group
    if state in {State.ASLEEP, State.WAKING}:
        reached(group, there=False)
        if state is State.WAKING:
            group.ask(-1, "m")
        return group
    reached(group)
    group.ask(-1, "m")
    group.answered("m")
    group.end(-1)
    if state is State.READY:
        return group
    clock.now += 10000
    assert group.tick() == [Drain(), AskVetoes()]
    if state is State.SUSPENDING:
        assert group.vetoed([]) == [Suspend()]
    assert group.state is state
    return group


def test_a_group_of_which_nothing_is_known_is_asked_before_it_is_woken(clock):
    group = in_state(clock, State.UNKNOWN, members=TWO)
    assert group.ask(1, "m") == [Probe()]
    assert group.ask(2, "m") == []
    assert group.reached("olab1", there=False) == []
    assert group.reached("olab2", there=True) == [Wake(("olab1",))]
    assert group.state is State.WAKING


def test_a_group_that_is_awake_is_not_woken(clock):
    group = in_state(clock, State.UNKNOWN)
    group.ask(1, "m")
    assert group.reached("olab1", there=True) == [DropConnections(), Enable(), Prove("m")]
    assert group.answered("m") == [Forward(1)]
    assert group.ask(2, "m") == [Forward(2)]
    assert group.in_flight == 2


def test_there_is_one_wake_however_many_ask_leave_and_come_again(clock):
    group = in_state(clock, State.ASLEEP, members=TWO)
    assert group.ask(0, "m") == [Wake(TWO)]
    for request in range(1, 50):
        assert group.ask(request, "m" if request % 2 else "n") == []
    for request in range(10):
        assert group.end(request) == []
    assert group.reached("olab1", there=True) == []
    assert reached(group, members=["olab2"]) == [
        *(StopWaking(), DropConnections(), Enable(), Prove("m"), Prove("n")),
    ]
    assert group.answered("n") == [Forward(request) for request in range(10, 50, 2)]
    assert group.answered("m") == [Forward(request) for request in range(11, 50, 2)]
    assert (group.wakes, group.waiting, group.in_flight) == (1, 0, 40)


def test_ready_hosts_are_no_ready_model(clock):
    group = in_state(clock, State.WAKING)
    reached(group)
    assert group.state is State.READY
    assert not group.answers("m")
    assert group.ask(2, "m") == []
    assert group.answered("m") == [Forward(-1), Forward(2)]
    assert group.answers("m")


def test_a_model_that_falls_silent_has_to_prove_itself_anew(clock):
    group = in_state(clock, State.READY)
    group.silent("m")
    assert group.ask(1, "m") == [Prove("m")]
    assert group.answered("m") == [Forward(1)]


def test_a_wake_that_fails_refuses_who_waits_and_rests(clock):
    group = in_state(clock, State.WAKING)
    group.ask(1, "m")
    clock.now += 179
    assert group.tick() == []
    clock.now += 1
    actions = group.tick()
    assert actions[0] == StopWaking()
    assert [action.request for action in actions[1:]] == [-1, 1]
    assert all(action == Refuse(action.request, "group did not wake.", 60) for action in actions[1:])
    assert (group.state, group.wakes_failed) == (State.ASLEEP, 1)
    clock.now += 20
    assert group.ask(2, "m") == [Refuse(2, "group did not wake a moment ago.", 40)]
    clock.now += 40
    assert group.ask(3, "m") == [Wake(("olab1",))]


def test_a_model_that_does_not_come_refuses_who_waits(clock):
    group = in_state(clock, State.WAKING)
    clock.now += 100
    reached(group)
    clock.now += 599
    assert group.tick() == []
    clock.now += 1
    assert group.tick() == [Refuse(-1, "group is awake, but the model does not answer.", 60)]
    assert group.waiting == 0


def test_retry_after_comes_from_its_own_history(clock):
    group = in_state(clock, State.ASLEEP)
    assert group.retry_after() == 60
    group.restore({"durations": [20, 30, 40, "x", -1], "held_for": None})
    assert group.retry_after() == 30
    group.ask(1, "m")
    clock.now += 10
    assert group.retry_after() == 20
    clock.now += 100
    assert group.retry_after() == 1
    reached(group)
    assert group.snapshot()["durations"] == [20, 30, 40, 110]


def test_idle_counts_from_the_end_of_the_last_request(clock):
    group = in_state(clock, State.READY)
    group.ask(1, "m")
    clock.now += 10000
    assert group.tick() == []
    group.end(1)
    group.end(1)
    clock.now += 599
    assert group.tick() == []
    assert group.idle_for == 599
    clock.now += 1
    assert group.tick() == [Drain(), AskVetoes()]
    assert group.vetoed([]) == [Suspend()]
    assert reached(group, there=False) == [DropConnections()]
    assert group.state is State.ASLEEP


def test_what_goes_past_the_gateway_counts_and_so_does_not_to_know(clock):
    group = in_state(clock, State.READY)
    for count in (1, None):
        group.elsewhere(count)
        clock.now += 10000
        assert group.tick() == []
        group.elsewhere(0)
        assert group.idle_for == 0


def test_what_went_past_the_gateway_between_two_looks_counts_too(clock):
    group = in_state(clock, State.READY)
    clock.now += 10000
    group.elsewhere(0)
    assert group.idle_for >= 10000
    group.elsewhere(0, used=True)
    assert group.idle_for == 0


@pytest.mark.parametrize(
    "event",
    [
        lambda group: group.ask(1, "m"),
        lambda group: group.ask(1, "n"),
        lambda group: group.elsewhere(1),
        lambda group: group.elsewhere(None),
        lambda group: group.hold(group.clock() + 1000),
    ],
)
def test_where_sleep_comes_at_once_it_does_not_come_to_what_is_used(clock, event):
    group = in_state(clock, State.READY, Rules(idle_after=0, awake_at_least=0))
    event(group)
    assert group.tick() == []


def test_it_stays_awake_for_a_while_however_short_the_need(clock):
    group = in_state(clock, State.READY, Rules(idle_after=10))
    clock.now += 299
    assert group.tick() == []
    clock.now += 1
    assert Drain() in group.tick()


@pytest.mark.parametrize(("rules", "proved"), [(RULES, False), (Rules(idle_after=None), True)])
def test_nobody_sleeps_who_was_never_seen_to_wake_or_is_not_to(clock, rules, proved):
    group = in_state(clock, State.READY, rules, proved=proved)
    clock.now += 100000
    assert group.tick() == []


@pytest.mark.parametrize("reasons", [["ssh: ann"], None])
def test_a_veto_keeps_it_awake_and_it_is_asked_again_later(clock, reasons):
    group = in_state(clock, State.DRAINING)
    assert group.vetoed(reasons) == [Enable()]
    assert group.vetoes == tuple(reasons or ["a member did not answer"])
    clock.now += 59
    assert group.tick() == []
    clock.now += 1
    assert group.tick() == [Drain(), AskVetoes()]


def test_no_answer_about_vetoes_is_a_veto(clock):
    group = in_state(clock, State.DRAINING)
    clock.now += 20
    assert group.tick() == [Enable()]
    assert group.vetoed([]) == []
    assert group.state is State.READY


# Whatever comes while it is asked whether it may sleep: it stays awake.
@pytest.mark.parametrize(
    ("event", "actions"),
    [
        (lambda group: group.ask(1, "m"), [Enable(), Forward(1)]),
        (lambda group: group.ask(1, "n"), [Enable(), Prove("n")]),
        (lambda group: group.elsewhere(1), [Enable()]),
        (lambda group: group.elsewhere(None), [Enable()]),
        (lambda group: group.elsewhere(0, used=True), [Enable()]),
        (lambda group: group.hold(group.clock() + 60), [Enable()]),
        (lambda group: group.wake(), [Enable()]),
        (lambda group: group.reached("olab1", there=False), [Drain(), DropConnections(), Probe()]),
    ],
)
def test_draining_is_aborted(clock, event, actions):
    group = in_state(clock, State.DRAINING)
    assert event(group) == actions
    assert group.vetoed([]) == []


def test_a_request_while_it_goes_to_sleep_waits_until_it_has_gone(clock):
    group = in_state(clock, State.SUSPENDING, members=TWO)
    assert group.ask(1, "m") == []
    assert group.reached("olab1", there=False) == []
    assert group.reached("olab2", there=False) == [DropConnections(), Wake(TWO)]
    assert reached(group) == [StopWaking(), DropConnections(), Enable(), Prove("m")]


def test_who_is_told_to_wake_it_while_it_goes_to_sleep_is_heard(clock):
    group = in_state(clock, State.SUSPENDING)
    assert group.wake() == []
    assert reached(group, there=False) == [DropConnections(), Wake(("olab1",))]


def test_a_host_that_does_not_go_is_asked_and_serves_on(clock):
    group = in_state(clock, State.SUSPENDING)
    group.ask(1, "m")
    clock.now += 60
    assert group.tick() == [DropConnections(), Probe()]
    assert group.state is State.UNKNOWN
    assert reached(group) == [DropConnections(), Enable(), Prove("m")]
    assert (group.sleeps_failed, group.wakes) == (1, 0)


def test_a_host_that_went_unseen_is_woken(clock):
    group = in_state(clock, State.SUSPENDING)
    group.ask(1, "m")
    clock.now += 60
    group.tick()
    assert reached(group, there=False) == [Wake(("olab1",))]


def test_a_member_that_is_gone_once_is_asked_again_before_it_counts_as_asleep(clock):
    group = in_state(clock, State.READY)
    group.ask(1, "m")
    assert group.reached("olab1", there=False) == [Drain(), DropConnections(), Probe()]
    assert group.state is State.UNKNOWN
    assert reached(group) == [DropConnections(), Enable()]
    # What ran goes on.
    assert group.in_flight == 1


def test_nothing_known_is_asked_again_and_again(clock):
    group = in_state(clock, State.UNKNOWN)
    assert group.tick() == [Probe()]
    clock.now += 4
    assert group.tick() == []
    clock.now += 1
    assert group.tick() == [Probe()]


def test_who_waits_for_an_answer_that_never_comes_is_refused(clock):
    group = in_state(clock, State.UNKNOWN)
    group.ask(1, "m")
    clock.now += 180
    assert Refuse(1, "group did not answer.", 60) in group.tick()


def test_a_host_that_somebody_else_woke_serves(clock):
    group = in_state(clock, State.ASLEEP)
    assert reached(group) == [DropConnections(), Enable()]
    assert (group.state, group.wakes) == (State.READY, 0)


def test_people_wake_hold_and_put_to_sleep(clock):
    group = in_state(clock, State.ASLEEP)
    group.hold(clock.now + 5000)
    assert group.state is State.ASLEEP
    assert group.wake() == [Wake(("olab1",))]
    reached(group)
    clock.now += 2000
    assert group.tick() == []
    with pytest.raises(CannotSleep, match="group is held awake"):
        group.sleep()
    group.hold(clock.now)
    group.elsewhere(1)
    with pytest.raises(CannotSleep, match="group is busy"):
        group.sleep()
    group.elsewhere(0)
    assert group.sleep() == [Drain(), AskVetoes()]
    with pytest.raises(CannotSleep, match="group is draining"):
        group.sleep()


def test_nobody_puts_to_sleep_what_was_never_seen_to_wake(clock):
    with pytest.raises(CannotSleep, match="never seen to wake"):
        in_state(clock, State.READY, proved=False).sleep()
    with pytest.raises(CannotSleep, match="has not said yet whether it was seen to wake"):
        in_state(clock, State.READY, proved=None).sleep()


def test_a_member_that_says_it_was_never_seen_to_wake_is_believed(clock):
    group = in_state(clock, State.READY)
    group.proven(False)
    clock.now += 10000
    assert group.tick() == []
    group.proven(True)
    assert group.tick() == [Drain(), AskVetoes()]
    group.proven(False)
    assert group.vetoed([]) == [Enable()]
    assert group.vetoes == ("it was never seen to wake",)


def test_a_restart_keeps_what_was_held_and_asks_for_the_rest(clock):
    group = in_state(clock, State.READY)
    group.hold(clock.now + 100)
    clock.now += 40
    after = Group("group", ("olab1",), RULES, clock)
    after.restore(group.snapshot())
    assert after.state is State.UNKNOWN
    reached(after)
    assert after.snapshot()["held_for"] == 60


def test_a_restart_keeps_the_history(clock):
    group = in_state(clock, State.WAKING)
    clock.now += 20
    reached(group)
    group.end(-1)
    clock.now += 10000
    group.tick()
    group.vetoed([])
    reached(group, there=False)
    clock.now += 300
    after = Group("group", ("olab1",), RULES, clock)
    after.restore(group.snapshot())
    assert (after.wakes, after.woken, after.sleeps, after.last_wake, after.asleep_for) == (1, 1, 1, 20, 300)
    assert after.history == group.history
    assert [took for _, took in after.history] == [20]
    # A file that somebody changed is no reason not to start.
    after.restore({"wakes": "x", "asleep_for": None, "held_for": "y", "durations": 1, "sent_to_sleep": "z"})
    after.restore({"history": [[1], "xy", ["a", None], [1, "b"], None]})
    assert (after.wakes, after.sent_to_sleep, len(after.history)) == (1, False, 1)


def sent_to_sleep(clock):
    group = in_state(clock, State.SUSPENDING)
    reached(group, there=False)
    assert group.state is State.ASLEEP
    return group


def fails_to_wake(clock):
    group = sent_to_sleep(clock)
    group.wake()
    clock.now += group.rules.wake_within
    group.tick()
    return group


def fails_again(clock):
    group = fails_to_wake(clock)
    clock.now += group.rules.again_after
    group.wake()
    return group


def is_woken(clock):
    group = sent_to_sleep(clock)
    group.wake()
    return group


def came_back(clock):
    group = is_woken(clock)
    reached(group)
    return group


def does_not_go(clock):
    group = in_state(clock, State.SUSPENDING)
    clock.now += group.rules.gone_within
    group.tick()
    return group


def does_not_go_and_says_so(clock):
    group = does_not_go(clock)
    reached(group)
    return group


def goes_late(clock):
    group = does_not_go(clock)
    reached(group, there=False)
    return group


def is_lost(clock):
    group = came_back(clock)
    group.reached("olab1", there=False)
    reached(group, there=False)
    return group


def restarted(clock, before):
    after = Group("group", ("olab1",), RULES, clock)
    after.restore(before(clock).snapshot())
    reached(after, there=False)
    return after


@pytest.mark.parametrize(
    ("story", "state", "sent"),
    [
        (lambda clock: in_state(clock, State.ASLEEP), State.ASLEEP, False),
        (lambda clock: in_state(clock, State.WAKING), State.WAKING, False),
        (lambda clock: in_state(clock, State.DRAINING), State.DRAINING, False),
        (lambda clock: in_state(clock, State.SUSPENDING), State.SUSPENDING, True),
        (sent_to_sleep, State.ASLEEP, True),
        (is_woken, State.WAKING, True),
        (came_back, State.READY, False),
        (does_not_go, State.UNKNOWN, True),
        (does_not_go_and_says_so, State.READY, False),
        (goes_late, State.ASLEEP, True),
        (fails_to_wake, State.ASLEEP, False),
        (fails_again, State.WAKING, False),
        (is_lost, State.ASLEEP, False),
        (lambda clock: restarted(clock, sent_to_sleep), State.ASLEEP, True),
        (lambda clock: restarted(clock, fails_to_wake), State.ASLEEP, False),
        (lambda clock: restarted(clock, came_back), State.ASLEEP, False),
    ],
)
def test_who_was_sent_to_sleep_is_told_from_who_is_missed(clock, story, state, sent):
    group = story(clock)
    assert (group.state, group.sent_to_sleep) == (state, sent)


def test_what_was_told_to_sleep_and_kept_from_it_serves_on(clock):
    group = in_state(clock, State.SUSPENDING)
    group.ask(1, "m")
    assert group.stayed(["ssh: ann"]) == [DropConnections(), Probe()]
    assert group.vetoes == ("ssh: ann",)
    assert reached(group) == [DropConnections(), Enable(), Prove("m")]
    assert (group.sleeps, group.sleeps_failed) == (0, 1)
    assert group.stayed(["late"]) == []


def test_at_quiet_times_people_wake_and_requests_do_not(clock):
    group = in_state(clock, State.ASLEEP)
    group.quiet = True
    assert group.ask(1, "m") == [Refuse(1, "group sleeps at this time.", 60, intended=True)]
    assert group.waiting == 0
    assert group.wake() == [Wake(("olab1",))]
    group = in_state(clock, State.SUSPENDING)
    group.quiet = True
    group.ask(1, "m")
    assert reached(group, there=False) == [
        DropConnections(),
        Refuse(1, "group sleeps at this time.", 60, intended=True),
    ]


def test_a_host_of_another_group_is_refused(clock):
    with pytest.raises(ValueError, match="olab9"):
        Group("a", TWO, RULES, clock).reached("olab9", there=True)


class Watched:
    """Carries actions out on paper, and checks what each of them promises."""

    def __init__(self, group):
        self.group = group
        self.held, self.running = set(), set()
        self.waking, self.drained = False, True
        self.sleeps = 0

    def take(self, actions):
        for action in actions:
            match action:
                case Forward(request):
                    self.held.remove(request)
                    self.running.add(request)
                    assert self.group.state is State.READY
                case Refuse(request):
                    self.held.remove(request)
                case Wake(members):
                    assert members
                    assert not self.waking
                    self.waking = True
                case StopWaking():
                    assert self.waking
                    self.waking = False
                case Drain() | Enable():
                    self.drained = action == Drain()
                case Suspend():
                    assert self.drained
                    assert not self.held | self.running
                    assert not self.group.busy
                    self.sleeps += 1
        assert self.waking == (self.group.state is State.WAKING)
        assert (self.group.waiting, self.group.in_flight) == (len(self.held), len(self.running))
        assert self.drained == (self.group.state is not State.READY)

    def end(self, request):
        self.held.discard(request)
        self.running.discard(request)
        self.take(self.group.end(request))


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_no_host_sleeps_while_busy_and_every_request_ends(clock, seed):
    choose = random.Random(seed)
    group = Group("group", TWO, Rules(idle_after=30, awake_at_least=10, wake_within=60), clock, proved=True)
    watched = Watched(group)
    for number in range(3000):
        # Hours with requests and with trouble, and hours without.
        calm = number // 100 % 2
        clock.now += choose.choice((0, 0, 1, 5, 20))
        match choose.randrange(2 if calm else 0, 9):
            case 0 | 1:
                watched.held.add(number)
                watched.take(group.ask(number, choose.choice("mn")))
            case 2 | 3 if watched.held or watched.running:
                watched.end(choose.choice(sorted(watched.held | watched.running)))
            case 4:
                watched.take(group.answered(choose.choice("mn")))
            case 5:
                there = choose.random() < (0.3 if group.state is State.SUSPENDING else 0.95 if calm else 0.6)
                watched.take(group.reached(choose.choice(TWO), there))
            case 6:
                watched.take(group.vetoed(choose.choice(([], [], ["ssh"], None))))
            case 7 if not calm:
                event = choose.choice((group.wake, lambda: group.silent("m"), lambda: group.hold(clock.now + 5)))
                watched.take(event())
            case _:
                watched.take(group.tick())
    # Left alone, whoever waits is answered or refused.
    for _ in range(400):
        clock.now += 5
        watched.take(group.tick())
    assert not watched.held
    assert watched.sleeps
