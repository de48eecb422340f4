# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host downloaded no other downloads again, and a cache that is gone takes nobody's downloads with it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

FIRST, SECOND, MAC = "gpu1", "olab0", "olab1"
# Large enough that downloads which begin together overlap; small enough for every network.
PACKAGE, OTHER_PACKAGE, SMALL_PACKAGE, DEBIAN_PACKAGE = "numpy", "scipy", "pyyaml", "python3-pip"


def pip_download(cache, host: str, package: str) -> str:
    """Download a package with pip, without pip's own cache, and return the address it came from."""
    words = "--quiet --no-cache-dir --no-deps --only-binary :all: -d $(mktemp -d)"
    before = len(cache.lines(".whl"))
    cache.shell(host, f"python3 -m pip download {words} {package}")
    return next(line.url for line in cache.lines(".whl")[before:] if line.url.endswith(".whl"))


def forget(cache) -> None:
    """Empty the cache."""
    cache.cluster.execute(
        "olab0",
        *("sh", "-ec"),
        "systemctl stop hybrid-ai-squid; rm -rf /opt/hybrid-ai/squid/cache/*; systemctl start hybrid-ai-squid",
    )
    # Until it answers, curl fails.
    wait_until(
        lambda: "Squid" in cache.shell("olab0", "curl -s http://10.66.1.10:3128/squid-internal-mgr/info || true")
    )


def way(cache, host: str) -> str:
    """Return what the relay of a host says about where downloads go."""
    return cache.shell(host, "curl -s --noproxy '*' http://127.0.0.1:3127/")


def wait_until(condition, seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def pip(cache):
    """Return the cluster with pip on two Linux hosts, which came through the cache too; what it held is forgotten."""
    forget(cache)
    before = len(cache.lines(f"/{DEBIAN_PACKAGE}_"))
    for host in (FIRST, SECOND):
        cache.shell(host, f"apt-get -q update; apt-get -qy purge {DEBIAN_PACKAGE}; apt-get clean")
        cache.shell(
            host, f"DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends {DEBIAN_PACKAGE}"
        )
    cache.debian_lines = cache.lines(f"/{DEBIAN_PACKAGE}_")[before:]
    return cache


def test_the_second_host_gets_a_debian_package_from_the_cache(pip):
    first, second = pip.debian_lines
    assert first.fetched > 1_000_000
    assert "HIT" in second.result
    assert (second.fetched, second.sent > 1_000_000) == (0, True)


def test_the_second_and_third_host_fetch_nothing_of_a_package_from_outside(pip):
    address = pip_download(pip, FIRST, PACKAGE)
    assert pip_download(pip, SECOND, PACKAGE) == address
    size = pip.download(MAC, address)
    first, second, third = pip.lines(address)[-3:]
    assert first.fetched == size > 1_000_000
    for line in (second, third):
        assert "HIT" in line.result
        assert (line.fetched, line.sent >= size) == (0, True)


def test_three_hosts_that_ask_at_once_fetch_once(pip):
    address = pip_download(pip, FIRST, OTHER_PACKAGE)
    forget(pip)
    before = len(pip.lines(address))
    with ThreadPoolExecutor() as pool:
        sizes = list(pool.map(lambda host: pip.download(host, address), (FIRST, MAC, "olab2")))
    lines = pip.lines(address)[before:]
    assert len(lines) == 3
    assert len(set(sizes)) == 1
    assert sum(line.fetched for line in lines) == sizes[0] > 5_000_000


def test_a_part_of_a_package_brings_the_whole_of_it_once(pip):
    address = pip_download(pip, FIRST, SMALL_PACKAGE)
    forget(pip)
    before = len(pip.lines(address))
    part = int(pip.shell(FIRST, f"curl -sSf -r 100-199 -o /dev/null -w '%{{size_download}}' '{address}'"))
    size = pip.download(MAC, address)
    first, second = pip.lines(address)[before:]
    # The first line was written when its client had enough, and Squid went on.
    assert (part, first.fetched > 0, size > 500_000) == (100, True, True)
    assert (second.fetched, "HIT" in second.result) == (0, True)


def test_nothing_inside_the_cluster_is_reached_through_it(pip):
    script = "curl -s -o /dev/null -w '%{http_code}' --noproxy '' -x http://10.66.1.10:3128"
    for inside in ("http://10.66.1.10:22/", "http://127.0.0.1:8098/", f"https://{pip.cluster.python_site}:22/"):
        # A tunnel that is refused is a failure of curl's, whatever it shows.
        shown = pip.shell(FIRST, f"{script} {inside} -w '%{{http_code}} %{{http_connect}}' || true")
        assert "403" in shown


def test_workers_download_directly_while_the_management_node_is_off_and_it_heals_alone(pip):
    address = pip_download(pip, FIRST, SMALL_PACKAGE)
    hosts = (FIRST, MAC)
    for host in hosts:
        assert pip.download(host, address) > 10_000
    pip.cluster.lab("power", "off", "olab0")
    try:
        for host in hosts:
            start = time.monotonic()
            assert pip.download(host, address) > 10_000
            assert time.monotonic() - start < 15
            assert "direct" in way(pip, host)
    finally:
        pip.cluster.lab("power", "on", "olab0")
    wait_until(lambda: all("through the cache" in way(pip, host) for host in hosts))
    before = len(pip.lines(address))
    for host in hosts:
        assert pip.download(host, address) > 10_000
    again = pip.lines(address)[before:]
    assert len(again) == len(hosts)
    assert all("HIT" in line.result and line.fetched == 0 for line in again)
