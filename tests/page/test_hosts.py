# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What people see of hosts, and have them do, while it happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.page.front import REPOSITORY
from tests.unit.command.gateways import FIRST


def card(page, name):
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def fact(page, host, term):
    return card(page, host).locator(f"dl > div:has(dt:text-is('{term}')) dd")


def state(page, name):
    return card(page, name).locator(".state")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_a_host_is_woken_held_and_sent_to_sleep(page, gateway):
    expect(state(page, "box")).to_have_text("asleep")
    assert gateway.machine.sendings == 0
    press(page, "Wake box")
    expect(page.get_by_role("status").filter(has_text="box is told to wake.")).to_be_visible()
    expect(fact(page, "box", "Gateway")).to_contain_text("waking")
    expect(state(page, "box")).to_have_text("up")
    assert gateway.machine.sendings == 1
    expect(fact(page, "box", "Last wake")).to_contain_text("ago, took")
    expect(page.locator("#wake-list li")).to_have_count(1)
    expect(page.locator("#wake-list li")).to_contain_text("box woke in")

    press(page, "Hold 2 h box")
    expect(fact(page, "box", "Sleeps")).to_have_text("held for 2 h")
    expect(fact(page, "box", "Why")).to_contain_text("somebody holds it awake")
    press(page, "Sleep box")
    expect(page.get_by_role("alert")).to_have_text("box is held awake.")
    press(page, "Release box")
    expect(fact(page, "box", "Sleeps")).to_contain_text("in ")
    expect(page.get_by_role("alert")).to_have_text("")
    press(page, "Sleep box")
    expect(state(page, "box")).to_have_text("asleep")
    did = [line["does"] for line in map(json.loads, gateway.log) if line.get("administrator") == "web-front"]
    assert did == ["wake", "hold", "release", "sleep"]


def test_what_keeps_a_host_awake_is_said(page, gateway):
    press(page, "Wake box")
    expect(state(page, "box")).to_have_text("up")
    gateway.machine.vetoes = ["ada is logged in"]
    expect(fact(page, "box", "Sleeps")).to_contain_text("in ")
    press(page, "Sleep box")
    expect(fact(page, "box", "Why")).to_contain_text("ada is logged in")


def test_what_happens_elsewhere_is_seen_without_a_touch(page, gateway, visit):
    other = visit().open(gateway.front)
    press(other, "Wake box")
    expect(state(page, "box")).to_have_text("up")
    expect(page.locator("#pool")).to_contain_text("2 of 5 up")


def test_it_shows_what_the_command_says(page, gateway):
    press(page, "Wake box")
    expect(state(page, "box")).to_have_text("up")
    secrets = gateway.front.folder / "secrets"
    (secrets / "gateway_admin_key").write_text(FIRST)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "XDG_CACHE_HOME": str(gateway.folder)}
    words = ["status", "--json", "-i", str(gateway.front.inventory), "--gateway", gateway.url]
    command = [sys.executable, "-m", "hybrid_cluster.command", *words]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert [host["name"] for host in said["hosts"]] == page.locator("#host-list h3").all_inner_texts()
    for host in said["hosts"]:
        assert state(page, host["name"]).inner_text() == host["state"]
        told = host["gateway"]
        assert fact(page, host["name"], "In flight").count() == bool(told and told["state"])
    assert page.locator("#pool > div dd").first.inner_text() == f"{said['pool']['hosts_up']} of 5 up"
    assert page.locator("#notes").inner_text() == f"Nothing is measured: {said['prometheus_silence']}."
    (model,) = said["models"]
    (host,) = model["answers"]
    assert page.locator("#model-list dl").inner_text().split() == [host, *model["answers"][host].split()]


def test_cables_and_energy_are_there_and_what_is_unknown_is_said(page):
    cables = page.locator("#network-list li li")
    expect(cables).to_have_text(
        ["mini1 port 1 to mini2 port 1: unknown", "mini2 port 2 to mini3 port 1: unknown"],
    )
    expect(page.locator("#energy-total")).to_contain_text("Nothing is measured")


@pytest.mark.parametrize("running", [False, True])
def test_it_survives_a_restart_of_the_gateway(page, gateway, running):
    if running:
        press(page, "Wake box")
        expect(state(page, "box")).to_have_text("up")
    page.evaluate("document.body.dataset.mark = 'never loaded again'")
    gateway.stop()
    expect(page.locator("#connection")).to_contain_text("does not answer")
    press(page, "Wake box" if not running else "Sleep box")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    gateway.start()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(state(page, "box")).to_have_text("up" if running else "asleep")
    assert page.evaluate("document.body.dataset.mark") == "never loaded again"
    # What was kept of before is still told.
    expect(page.locator("#wake-list li")).to_have_count(int(running))
