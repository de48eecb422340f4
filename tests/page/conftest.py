# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A browser before the web front, before a gateway with its status page."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.page import front as web_front
from tests.page.front import NAME, PASSWORD, USER, Front
from tests.page.gateway import Gateway, answering_ssh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The machine may be busy with other tests.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with web_front.running(tmp_path_factory.mktemp("front")) as found:
        yield found


@pytest.fixture
def gateway(front: Front, tmp_path: Any) -> Iterator[Gateway]:
    made = Gateway(tmp_path / "gateway", front)
    made.start()
    with answering_ssh(made):
        yield made
        made.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        pytest.fail("There is no Chromium on this machine; `make page-packages` installs what these tests need.")
    # Only the page has an address: whatever else it asked for would not be found.
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.2, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=[rules])
        yield made
        made.close()


class Visit:
    """A person with a browser, and all that this browser asks for and complains about."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.asked: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def open(self, front: Front) -> Page:
        """Open the page, and wait until it is live."""
        page = self.context.new_page()
        page.goto(front.url)
        expect(page.locator("#connection")).to_have_text("Live")
        return page


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return what makes a visit of somebody who knows the password, with other options of a browser."""
    contexts = []

    def make(**options: Any) -> Visit:
        known = {"http_credentials": {"username": USER, "password": PASSWORD}, "reduced_motion": "reduce"}
        contexts.append(browser.new_context(**{**known, **options}))
        return Visit(contexts[-1])

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Callable[..., Visit], gateway: Gateway) -> Page:
    return visit().open(gateway.front)
