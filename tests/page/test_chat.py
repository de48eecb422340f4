# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The chat of the status page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.unit.command.gateways import speech
from tests.unit.gateway.fakes import CUT, chunk, sse


def send(page, text):
    page.get_by_label("Message").fill(text)
    page.get_by_label("Message").press("Enter")


def log(page):
    return page.get_by_role("log", name="Conversation")


def test_a_model_answers_and_is_told_what_was_said(page, gateway):
    expect(page.get_by_label("Model", exact=True)).to_have_value("public")
    send(page, "Who are <b>you</b>?")
    # Its host is woken for that.
    expect(log(page).locator("p")).to_have_text(["You: Who are <b>you</b>?", "public: Hello there"])
    expect(log(page)).to_have_attribute("aria-busy", "false")
    expect(page.get_by_label("Message")).to_be_focused()
    assert gateway.machine.sendings == 1
    gateway.talker.parts = speech("I am", " well")
    send(page, "And how?")
    expect(log(page).locator("p").last).to_have_text("public: I am well")
    expect(log(page)).to_have_attribute("aria-busy", "false")
    first, second = [asked["messages"] for asked in gateway.talker.asked if asked.get("stream")][-2:]
    assert first == [{"role": "user", "content": "Who are <b>you</b>?"}]
    assert second[1:] == [{"role": "assistant", "content": "Hello there"}, {"role": "user", "content": "And how?"}]
    page.get_by_role("button", name="New conversation").click()
    expect(log(page).locator("p")).to_have_count(0)
    send(page, "Again")
    expect(log(page).locator("p")).to_have_count(2)
    expect(log(page)).to_have_attribute("aria-busy", "false")
    assert gateway.talker.asked[-1]["messages"] == [{"role": "user", "content": "Again"}]


def test_an_answer_is_stopped_and_so_is_its_backend(page, gateway):
    gateway.talker.hangs = True
    gateway.talker.parts = sse(chunk({"content": "Well"}))
    send(page, "Think long")
    expect(log(page).locator("p").last).to_have_text("public: Well")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").filter(has_text="Stopped.")).to_be_visible()
    assert gateway.talker.left.wait(60)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_an_answer_that_broke_off_is_not_shown_as_whole(page, gateway):
    gateway.talker.parts = [*sse(chunk({"content": "Half"})), CUT]
    send(page, "Say something")
    expect(log(page).locator("p").last).to_have_text("public: Half")
    expect(page.get_by_role("alert")).not_to_have_text("")


def test_a_line_is_begun_with_shift(page, gateway):
    text = page.get_by_label("Message")
    text.press_sequentially("one")
    text.press("Shift+Enter")
    text.press_sequentially("two")
    text.press("Enter")
    expect(log(page).locator("p").last).to_have_text("public: Hello there")
    assert gateway.talker.asked[-1]["messages"] == [{"role": "user", "content": "one\ntwo"}]
