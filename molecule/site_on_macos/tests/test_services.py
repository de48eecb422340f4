# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What runs on the management Mac: daemons of launchd that nobody has to be logged in for, each as its own user."""

from __future__ import annotations

import pytest

from .services import USERS, program


@pytest.mark.parametrize(("name", "user"), USERS.items())
def test_it_runs_as_its_own_user(manager, name, user):
    number = manager.check_output("ps -o uid= -p %s", str(program(manager, name))).strip()
    assert number == manager.check_output("id -u %s", user)
    assert 450 <= int(number) <= 499


@pytest.mark.parametrize("user", USERS.values())
def test_nobody_logs_in_as_it_and_it_is_hidden(manager, user):
    record = manager.check_output("dscl . -read /Users/%s UserShell IsHidden", user)
    assert "UserShell: /usr/bin/false" in record
    assert "IsHidden: 1" in record.replace("YES", "1")


def test_homebrew_runs_nothing_by_itself(manager):
    assert "/opt/homebrew/opt/squid/sbin/squid" in manager.check_output("ps -ax -o command")
    jobs = manager.check_output("launchctl list")
    assert "homebrew" not in jobs
    assert "sh.brew" not in jobs


def test_homebrew_belongs_to_the_person_who_installed_it(manager):
    assert manager.check_output("ls -ld /opt/homebrew/Cellar").split()[2] == "admin"
