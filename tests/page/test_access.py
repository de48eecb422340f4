# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who gets in, and that nothing leaves: the login, other sites' pages, the network."""

from __future__ import annotations

import http.server
import threading

import pytest
from playwright.sync_api import expect

from tests.page.front import USER


@pytest.mark.parametrize(
    "login", [None, {"username": USER, "password": "a wrong one"}, {"username": "nobody", "password": "x"}]
)
def test_nobody_sees_it_without_the_password(visit, gateway, login):
    page = visit(http_credentials=login).context.new_page()
    for path in ("", "events", "main.js"):
        response = page.request.get(f"{gateway.front.direct}{path}", headers=gateway.front.host)
        assert response.status == 401
        assert response.headers["www-authenticate"].startswith("Basic")
    sent = page.request.post(f"{gateway.front.direct}do/wake", data={"host": "box"}, headers=gateway.front.host)
    assert sent.status == 401
    assert gateway.machine.sendings == 0


def test_whoever_knows_it_logs_in_once_for_all_of_the_page(visit, gateway):
    seen = visit()
    page = seen.open(gateway.front)
    expect(page.locator("#host-list > li")).to_have_count(5)
    page.get_by_role("button", name="Wake box", exact=True).click()
    expect(page.locator("#said")).to_have_text("box is told to wake.")
    assert [text for text in seen.complaints if "401" not in text] == []


def test_the_key_is_in_nothing_that_a_browser_gets(visit, gateway):
    page = visit().open(gateway.front)
    for path in ("", "main.js", "actions.js", "chat.js"):
        response = page.request.get(f"{gateway.front.direct}{path}", headers=gateway.front.host)
        assert response.status == 200
        assert gateway.front.key not in response.text() + str(response.headers)


def test_no_request_leaves_the_host(visit, gateway):
    seen = visit()
    page = seen.open(gateway.front)
    page.get_by_label("Message").fill("Hello")
    page.get_by_label("Message").press("Enter")
    expect(page.get_by_role("log").locator("p").last).to_have_text("public: Hello there")
    page.get_by_role("button", name="Sleep box", exact=True).click()
    expect(page.locator("#said, #failed").filter(has_text="box")).to_be_visible()
    assert len(seen.asked) > 10
    assert [url for url in seen.asked if not url.startswith(gateway.front.url)] == []


def test_its_policy_lets_nothing_else_be_asked_or_run(visit, gateway):
    seen = visit()
    page = seen.open(gateway.front)
    asked = "fetch('http://127.0.0.1:9/').then(() => 'asked', (error) => error.name)"
    assert page.evaluate(asked) == "TypeError"
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert page.evaluate("window.ran") is None
    refused = [text for text in seen.complaints if "Content Security Policy" in text]
    assert {"127.0.0.1:9" in text for text in refused} == {"inline script" in text for text in refused} == {True, False}


@pytest.fixture
def elsewhere():
    """Serve a page of another site."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Another site</title><p>Hello")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


FETCH = """async ([url, type, body]) => {
  try {
    const response = await fetch(url, {method: body ? "POST" : "GET", mode: "no-cors", credentials: "include", body,
                                       headers: {"Content-Type": type}});
    return response.type;
  } catch (error) {
    return error.name;
  }
}"""


def test_a_page_of_another_site_does_nothing_with_the_login(visit, gateway, elsewhere):
    seen = visit()
    seen.open(gateway.front)
    other = seen.context.new_page()
    other.goto(elsewhere)
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        other.evaluate(FETCH, [f"{gateway.front.url}do/wake", kind, '{"host": "box"}'])
    # A form that is sent needs no permission of anybody.
    field = """<input name='{"host": "box", "x":"' value='"}'>"""
    form = f"<form method=post enctype=text/plain action='{gateway.front.url}do/wake'>{field}</form>"
    other.set_content(form)
    with other.expect_navigation():
        other.evaluate("document.forms[0].submit()")
    assert "Only its own page may ask for this." in other.content()
    assert gateway.machine.sendings == 0
