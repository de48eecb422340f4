# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a reload relies on: the program proves what it serves, and what is open stays open."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._file_tree import FileTreeError

from tests.contract.haproxy.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.haproxy.conftest import HAProxy, Page


def get(front: HAProxy, path: str = "/generation") -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{front.port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


def eventually(question: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Stream(threading.Thread):
    """A client in the middle of an answer."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", "/")
        self.answer = self.connection.getresponse()
        self.lines: list[str] = []

    def run(self) -> None:
        for line in self.answer:
            self.lines.append(line.decode().strip())

    @property
    def whole(self) -> bool:
        """Tell whether every line came, in order, and the last one."""
        return self.lines == [*map(str, range(len(self.lines) - 1)), "end"]


@pytest.fixture
def started(front: HAProxy) -> HAProxy:
    first = front.write(0)
    front.start()
    assert first.wait() is None, front.log.read_text()
    return front


def test_a_stream_outlives_ten_reloads_and_files_that_are_refused(started: HAProxy, page: Page) -> None:
    front, stream = started, Stream(started.port)
    stream.start()
    master, before = front.master, front.workers
    for generation in range(1, 11):
        wanted = front.write(generation)
        assert wanted.served() is False
        front.tell()
        assert wanted.wait() is None, front.log.read_text()
        assert get(front) == str(generation)
        if generation == 5:
            with pytest.raises(FileTreeError, match=r"nothing was replaced: .*unknown keyword 'nonsense'"):
                front.write(99, "nonsense\n")
            assert wanted.served() is True
            assert get(front) == "5"
    assert front.master == master
    assert before[0] in front.workers
    received = len(stream.lines)
    assert eventually(lambda: len(stream.lines) > received)
    page.end.set()
    stream.join(10)
    assert stream.whole, stream.lines[-3:]
    assert eventually(lambda: len(front.workers) == 1)


def test_what_it_cannot_take_leaves_what_it_has(started: HAProxy, page: Page) -> None:
    """A port of somebody else's is found by no check of the configuration."""
    front, stream = started, Stream(started.port)
    stream.start()
    former = front.write(1)
    front.tell()
    assert former.wait() is None
    (worker,) = front.workers[-1:]
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", free_port()))
        somebody.listen()
        wanted = front.write(2, f"frontend more\n    bind 127.0.0.1:{somebody.getsockname()[1]}\n")
        front.tell()
        assert wanted.wait() == "it still serves another one"
        assert worker in front.workers
        assert get(front) == "1"
        assert former.served() is True
    # As the role goes back, and as whoever mends it goes on.
    front.tree.rollback()
    assert former.served() is True
    mended = front.write(3)
    front.tell()
    assert mended.wait() is None
    assert get(front) == "3"
    page.end.set()
    stream.join(10)
    assert stream.whole, stream.lines[-3:]


def test_what_is_open_too_long_is_ended(front: HAProxy) -> None:
    front.hard_stop = 1
    first = front.write(0)
    front.start()
    assert first.wait() is None
    stream = Stream(front.port)
    stream.start()
    second = front.write(1)
    front.tell()
    assert second.wait() is None
    stream.join(10)
    assert not stream.is_alive()
    assert stream.lines
    assert "end" not in stream.lines
    assert eventually(lambda: len(front.workers) == 1)


def test_no_request_is_lost_while_it_is_reloaded(started: HAProxy) -> None:
    front, failures, answers, end = started, [], [], threading.Event()

    def ask() -> None:
        while not end.is_set():
            try:
                answers.append(get(front))
            except OSError as error:
                failures.append(error)
            time.sleep(0.01)

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for generation in range(1, 6):
        wanted = front.write(generation)
        front.tell()
        assert wanted.wait() is None
    end.set()
    for client in clients:
        client.join()
    assert failures == []
    assert len(set(answers)) > 1


def test_it_tells_systemd_when_it_is_ready(front: HAProxy) -> None:
    if front.on_macos:
        pytest.skip("On macOS there is nobody to tell.")
    front.write(0)
    front.start()
    assert eventually(lambda: front.notices.words[-1:] == ["READY=1"]), front.notices.words
    known = len(front.notices.words)
    assert get(front) == "0"
    wanted = front.write(1)
    front.tell()
    assert wanted.wait() is None
    said = ["RELOADING=1", "READY=1"]
    assert eventually(lambda: front.notices.words[known:][:1] + front.notices.words[-1:] == said), front.notices.words


def test_whoever_may_ask_it_may_change_nothing(started: HAProxy) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{started.home}/socket")
        connection.sendall(b"disable frontend front\n")
        assert b"ermission denied" in connection.recv(65536)
    assert get(started) == "0"


def test_it_ends_well_when_it_is_told_to(started: HAProxy) -> None:
    assert started.process
    started.process.terminate()
    # 143 and -15: by this signal, as whoever gave it wanted.
    assert started.process.wait(10) in (0, 143, -15)
