# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The cache's log is renamed by the Mac itself, and Squid goes on in a new one."""

from __future__ import annotations

LOG = "/var/log/hybrid-ai/squid-requests/access.log"


def test_the_cache_begins_a_new_log_and_the_old_one_is_kept(manager, workers, wait):
    before = manager.check_output("cat /var/run/hybrid-ai-squid.pid")
    manager.check_output("newsyslog -F %s", LOG)
    assert manager.file(f"{LOG}.0.bz2").exists
    # Refused, and written down.
    workers["olab1"].run("curl --silent --max-time 10 --proxy http://10.66.1.10:3128 http://10.66.1.10:22/")
    wait(lambda: "http://10.66.1.10:22/" in manager.check_output("cat %s", LOG), "a line in the new log")
    log = manager.file(LOG)
    assert (log.user, log.mode) == ("_squid", 0o640)
    assert manager.check_output("cat /var/run/hybrid-ai-squid.pid") == before
