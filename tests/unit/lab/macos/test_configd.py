# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``configd``: what it takes notice of."""

from __future__ import annotations

import pytest

from lab.macos.simulator.network.apply import apply
from lab.macos.simulator.tools import configd
from lab.macos.simulator.tools.configd import linked

from .links import SHOW, as_text, new_mac


@pytest.mark.parametrize(
    ("cabled", "expected"),
    [
        pytest.param((), {"lo", "en0"}, id="no cable"),
        pytest.param(("en2",), {"lo", "en0", "en2", "bridge0"}, id="a cable"),
    ],
)
def test_linked(mac, cabled, expected) -> None:
    mac.answer(*SHOW, out=as_text(new_mac(cabled=cabled)))
    assert linked(mac.context("configd")) == expected


def test_needs_root(mac) -> None:
    result = mac.run("configd", uid=501)
    assert (result.rc, result.err) == (1, "configd: Operation not permitted\n")


class EndedError(Exception):
    """There is no more news."""


class News:
    """A socket on which the kernel says twice that a link changed."""

    def __init__(self, mac) -> None:
        self.mac = mac
        self.said = 0

    def bind(self, address) -> None:
        """Listen."""

    def recv(self, size: int) -> bytes:
        """Lose the link at the first news."""
        self.said += 1
        if self.said == 1:
            self.mac.answer(*SHOW, out=as_text(new_mac()))
        if self.said > 2:
            raise EndedError
        return b""


def test_a_link_that_comes_back_while_its_loss_is_applied_gets_its_address_again(mac, monkeypatch) -> None:
    relinks = []

    def slow_apply(context, relinked=()):
        relinks.append(set(relinked))
        carriers = apply(context, relinked)
        mac.answer(*SHOW, out=as_text(new_mac(cabled=("en2",))))
        return carriers

    monkeypatch.setattr(configd, "apply", slow_apply)
    monkeypatch.setattr(configd.socket, "socket", lambda *_: News(mac))
    for name in ("_drain", "begin_session", "name_kernel"):
        monkeypatch.setattr(configd, name, lambda *_: None)
    mac.answer(*SHOW, out=as_text(new_mac(cabled=("en2",))))
    with pytest.raises(EndedError):
        configd.main(mac.context("configd", uid=0))
    assert relinks == [set(), set(), {"en2", "bridge0"}]
