# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the status page gets of an inventory is what the command reads of it, seen from the management node."""

from __future__ import annotations

import dataclasses
import json

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hybrid_ai.cluster.plugins.lookup.cluster_content import LookupModule

from hybrid_cluster.command import inventory, project
from tests.unit.command.conftest import REPOSITORY


@pytest.fixture
def looked_up(monkeypatch):
    """Return what looks an inventory up, and what the command reads of it."""
    monkeypatch.setenv("ANSIBLE_CONFIG", str(REPOSITORY / "ansible.cfg"))
    # In the process of the tests the collection can be imported already.
    monkeypatch.setattr(project, "prepare", project.find)

    def look(source, here):
        opened = inventory._opened((source,))
        variables = {"hostvars": opened.hostvars, "groups": opened.manager.get_groups_dict()}
        (found,) = LookupModule(loader=opened.loader).run([here], variables)
        return json.loads(json.dumps(found, default=str)), inventory.read([source], anew=True)

    return look


def test_it_is_the_same_but_for_where_it_is_seen_from(looked_up, site):
    content, read = looked_up(site, "desk")
    found = inventory.from_content(content)
    assert found.hosts["desk"] == dataclasses.replace(read.hosts["desk"], is_here=True, ssh_port=None)
    assert {**found.hosts, "desk": None} == {**read.hosts, "desk": None}
    assert found.groups == read.groups
    assert found.values == read.values
    assert found.models == read.models
    assert found.services == read.services
    # Which variables there are is nothing that the page has to know, or where somebody keeps the inventory.
    assert (content["names"], content["sources"]) == ([], [])


def test_what_cannot_be_worked_out_is_said(looked_up, inventory):
    source = inventory({"linux": {"hosts": {"desk": {"ansible_host": "{{ nothing_of_this_name }}"}}}})
    with pytest.raises(AnsibleLookupError, match="ansible_host cannot be worked out"):
        looked_up(source, "desk")
