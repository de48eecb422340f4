# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles refuse, take over while it runs, and take back."""

from __future__ import annotations

import json

import pytest

PLAYBOOK = "playbooks/cache.yml"
CONFIGURATION = "/opt/hybrid-ai/squid/squid.conf"
KEY, CERTIFICATE = "/opt/hybrid-ai/squid/ca/ca.key", "/opt/hybrid-ai/squid/ca/ca.pem"


def play(cache, *arguments: str, **variables):
    """Apply the roles with some variables."""
    return cache.cluster.play(PLAYBOOK, *arguments, "-e", json.dumps(variables))


def issuer(cache, host: str) -> str:
    """Return who signed what a site shows this host."""
    return cache.shell(host, f"curl -sSv https://{cache.cluster.python_site}/ 2>&1 >/dev/null | grep -i issuer:")


# What the inventory shows, the validation refuses: tests/inventories/refused/forms.yml and numbers.yml.
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param({"squid_cache_gigabytes": 10**6}, "set squid_cache_gigabytes to ", id="a disk too small"),
        pytest.param(
            {"squid_immutable": ["^https://[[:nothing:]]"]},
            "Squid refuses the new configuration",
            id="a pattern for Python alone",
        ),
        pytest.param({"squid_ca_name": "a/b"}, "is not a valid name of a certificate authority", id="no name"),
    ],
)
def test_bad_input_is_a_sentence_and_changes_nothing(cache, variables, sentence):
    before = cache.cluster.execute("olab0", "cat", CONFIGURATION)
    run = play(cache, "--tags", "squid", **variables)
    assert run.rc != 0
    failed = [result for _, _, result in run.tasks if result.get("failed")]
    items = [item for result in failed for item in result.get("results", [result])]
    assert sentence in " ".join(str(item.get("msg")) for item in items)
    assert run.changed == set()
    assert cache.cluster.execute("olab0", "cat", CONFIGURATION) == before
    assert "Squid" in cache.shell("olab0", "curl -sS --noproxy '*' http://10.66.1.10:3128/squid-internal-mgr/info")


def test_a_change_is_taken_over_while_it_runs(cache):
    pid = cache.cluster.execute("olab0", "cat", "/var/run/hybrid-ai-squid.pid")
    changed = play(cache, "--tags", "squid", squid_passed_through=[cache.cluster.python_site]).succeeded()
    assert {task.rpartition(" : ")[2] for _, task in changed.changed} == {"Render its configuration"}
    assert "download cache" not in issuer(cache, "gpu1")
    play(cache, "--tags", "squid").succeeded()
    assert "olab download cache" in issuer(cache, "gpu1")
    assert cache.cluster.execute("olab0", "cat", "/var/run/hybrid-ai-squid.pid") == pid


def test_the_authority_is_renewed_with_its_key_and_everybody_follows(cache):
    key = cache.cluster.execute("olab0", "sha256sum", KEY)
    before = cache.cluster.execute("olab0", "cat", CERTIFICATE)
    play(cache, squid_ca_days=3000, squid_ca_renew_days=2000).succeeded()
    after = cache.cluster.execute("olab0", "cat", CERTIFICATE)
    assert after != before
    assert cache.cluster.execute("olab0", "sha256sum", KEY) == key
    assert cache.cluster.execute("olab1", "cat", "/opt/hybrid-ai/download-relay/hybrid-ai-cache.pem") == after
    for host in ("gpu1", "olab1"):
        assert "olab download cache" in issuer(cache, host)
    assert play(cache).succeeded().changed == set()


def test_without_interception_it_is_a_plain_proxy_that_says_so(cache):
    run = play(cache, squid_interception=False).succeeded()
    said = [str(result.get("msg")) for task, _, result in run.tasks if "not cached" in task]
    assert any("Python packages, models, container images" in text for text in said)
    assert "download cache" not in issuer(cache, "gpu1")
    assert play(cache, squid_interception=False).succeeded().changed == set()
    play(cache).succeeded()
    assert "olab download cache" in issuer(cache, "gpu1")


def test_everything_is_taken_back_and_comes_again(cache):
    play(cache, cluster_download_cache=False).succeeded()
    for host in ("gpu1", "olab0", "olab1"):
        assert "download cache" not in cache.cluster.execute(
            # Each kind of host has one of the two files.
            host,
            "sh",
            "-c",
            "cat /etc/environment /etc/zshenv || true",
        )
        assert "download cache" not in issuer(cache, host)
        assert "none" in cache.cluster.execute(host, "sh", "-c", "ls -d /opt/hybrid-ai/download-relay || echo none")
    assert "none" in cache.cluster.execute("olab0", "sh", "-c", "ls -d /opt/hybrid-ai/squid || echo none")
    assert play(cache, cluster_download_cache=False).succeeded().changed == set()
    assert play(cache, "--check").succeeded().changed == play(cache).succeeded().changed
