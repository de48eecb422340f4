# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Site configuration of the Pythons on a simulated Mac: they report Darwin on arm64.

Patching ``os.uname`` is enough for ``platform`` and for Ansible's facts. ``sys.platform`` stays what the interpreter
was built for, because its own library depends on it. The file is written by launchd at boot; without it (the same
Python unpacked on plain Linux) nothing is changed. Neither in a virtual environment: what is installed there are wheels
for Linux, which look for Apple's libraries where they are told Darwin.
"""

import os
import sys


def _report_darwin() -> None:
    try:
        with open("/private/var/db/simulator/uname", encoding="utf-8") as file:  # noqa: PTH123 - runs at every start
            system, release, version, machine = file.read().splitlines()
    except (OSError, ValueError):
        return
    real = os.uname

    def uname() -> os.uname_result:
        return os.uname_result((system, real().nodename, release, version, machine))

    os.uname = uname


if sys.prefix == sys.base_prefix:
    _report_darwin()
