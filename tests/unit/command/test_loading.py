# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster models pull` and `unload`."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

from hybrid_cluster.command import apply, exits, loading
from hybrid_cluster.command.errors import ClusterError
from tests.unit.command.gateways import known, person


@pytest.mark.parametrize("words", [["-i", "there", "pull", "--check"], ["pull", "-i", "there", "--check"]])
def test_pull_runs_what_brings_files(tmp_path, monkeypatch, capsys, words):
    asked = []
    monkeypatch.setattr(apply, "apply", lambda cluster, wish, *, as_json: asked.append(wish) or exits.HOSTS_FAILED)
    run = person(monkeypatch, capsys, known(tmp_path), None)
    assert run("models", *words).code == exits.HOSTS_FAILED
    (wish,) = asked
    assert (wish.is_check, wish.limit) == (True, None)
    assert set(wish.tags) <= {tag for one in registry().capabilities.values() for tag in one.tags}


def test_the_inventory_may_stand_on_either_side(tmp_path, monkeypatch, capsys):
    given = []
    run = person(monkeypatch, capsys, known(tmp_path), "http://127.0.0.1:1")
    monkeypatch.setattr(
        "hybrid_cluster.command.inventory.read", lambda sources, **_: given.append(list(sources)) or known(tmp_path)
    )
    for words in (["-i", "there", "load", "public"], ["load", "-i", "there", "public"]):
        assert run("models", *words).code == exits.REFUSED
    assert given == [["there"], ["there"]]


class Scripted:
    def __init__(self, *whys):
        address = "http://127.0.0.1:8080"
        self.members = [
            {"backend": "ollama", "address": address, "unloaded": not why, "why": why, "load": None} for why in whys
        ]

    def administer(self, word, fields, seconds):
        # llama.cpp may take a minute and a half.
        assert (word, seconds > 120) == ("unload", True)
        return {"members": self.members}


def test_a_model_is_unloaded_everywhere_or_it_is_a_failure(tmp_path, capsys):
    cluster = known(tmp_path)
    assert loading.unload(cluster, Scripted(""), "public", as_json=False) == exits.OK
    assert capsys.readouterr().out == "public is in no memory of ollama on box.\n"
    with pytest.raises(ClusterError, match=r"ollama on box: it answers 2 requests\.$") as told:
        loading.unload(cluster, Scripted("", "it answers 2 requests"), "public", as_json=True)
    assert told.value.exit_code == exits.HOSTS_FAILED
    assert '"unloaded": false' in capsys.readouterr().out
