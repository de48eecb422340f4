# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The page by keyboard, on a phone, light and dark, and as axe judges it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SCHEMES = ("light", "dark")
PHONE = {"width": 320, "height": 568}
DESK = {"width": 1280, "height": 800}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def violations(page):
    found = Axe().run(page, options=RULES)
    assert len(found.response["passes"]) > 10, "axe has looked at nothing"
    return found.generate_report() if found.violations_count else ""


def fill(page):
    """Have it show all that it can: a host that is awake and held, a refusal, an answer."""
    page.get_by_label("Message").fill("Hello")
    page.get_by_label("Message").press("Enter")
    expect(page.get_by_role("log").locator("p").last).to_have_text("public: Hello there")
    page.get_by_role("button", name="Hold 2 h box", exact=True).click()
    expect(page.locator("#said")).to_contain_text("2 hours")
    expect(page.locator("#host-list")).to_contain_text("held for 2 h")
    page.get_by_role("button", name="Sleep box", exact=True).click()
    expect(page.get_by_role("alert")).not_to_have_text("")
    page.get_by_text("What these figures rest on").click()
    expect(page.locator("#wake-list li")).to_have_count(1)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(visit, gateway, scheme, size):
    page = visit(color_scheme=scheme, viewport=size).open(gateway.front)
    expect(page.locator("#host-list > li")).to_have_count(5)
    assert violations(page) == ""
    fill(page)
    assert violations(page) == ""


def test_axe_would_find_something(page):
    """What finds nothing has to be able to."""
    page.evaluate("document.querySelector('label[for=chat-text]').remove()")
    page.evaluate("document.querySelector('h1').style.color = 'rgb(250, 250, 250)'")
    report = violations(page)
    assert "label" in report
    assert "color-contrast" in report


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_dark_where_a_person_wants_that(visit, gateway, scheme):
    page = visit(color_scheme=scheme).open(gateway.front)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in ground.removeprefix("rgb(").rstrip(")").split(","))
    assert (brightness < 200) is (scheme == "dark")


def test_nothing_is_cut_off_on_a_small_phone(visit, gateway):
    page = visit(viewport=PHONE, has_touch=True).open(gateway.front)
    fill(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    wide = """() => [...document.querySelectorAll("main *, header *")].filter((one) => {
      const place = one.getBoundingClientRect();
      return place.width && (place.right > innerWidth + 1 || place.left < -1) && !one.closest(".skip");
    }).map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(wide) == []
    low = "[...document.querySelectorAll('button')].filter((one) => one.offsetHeight < 24).length"
    assert page.evaluate(low) == 0


def focused(page):
    return page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
    )


def test_everything_is_done_by_keyboard(page, gateway):
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    while focused(page) != "Wake box" and len(reached) < 40:
        page.keyboard.press("Tab")
        reached.append(focused(page))
    assert reached[-1] == "Wake box"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#host-list")).to_contain_text("Last wake")
    expect(page.locator("#wake-list li")).to_have_count(1)
    # The page was written anew meanwhile, and nobody has lost their place.
    assert focused(page) == "Wake box"
    assert gateway.machine.sendings == 1
    while page.evaluate("document.activeElement.id") != "chat-text":
        page.keyboard.press("Tab")
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").locator("p").last).to_have_text("public: Hello there")


def test_a_screen_reader_gets_names_regions_and_news(page):
    tree = page.locator("body").aria_snapshot()
    for words in ('heading "Cluster" [level=1]', 'region "Hosts"', 'button "Wake box"', 'textbox "Message"', "main:"):
        assert words in tree, tree
    for place in ("#connection", "#said"):
        assert page.locator(place).get_attribute("role") == "status"
    assert page.locator("#failed").get_attribute("role") == "alert"
    # What it would not do now is said, and the button stays where it is.
    expect(page.get_by_role("button", name="Sleep box")).to_have_attribute("aria-disabled", "true")
