# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``csrutil``: System Integrity Protection, which a running system can only show."""

from __future__ import annotations

from .. import boot_policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/csrutil",)
STATUS = "System Integrity Protection status: {state}."
CUSTOM = """\
System Integrity Protection status: unknown (Custom Configuration).

Configuration:
\tApple Internal: disabled
\tKext Signing: enabled
\tFilesystem Protections: enabled
\tDebugging Restrictions: enabled
\tDTrace Restrictions: enabled
\tNVRAM Protections: enabled
\tBaseSystem Verification: enabled
\tBoot-arg Restrictions: disabled
\tKernel Integrity Protections: enabled
\tAuthenticated Root Requirement: enabled

This is an unsupported configuration, likely to break in the future and leave your machine in an unknown state."""
# The text is that of `rdma_ctl`, its sibling in Recovery; no capture of csrutil's own was found.
RECOVERY = "csrutil: This tool needs to be executed from Recovery OS."
USAGE = "usage: csrutil <command>\nModify the System Integrity Protection configuration."
EX_NOPERM = 77


def main(context: Context) -> int:
    """Show the status; every change is refused."""
    command = context.argv[0] if context.argv else ""
    if command == "status":
        if not boot_policy.integrity_protection(context):
            context.out(STATUS.format(state="disabled"))
        elif boot_policy.boot_args_allowed(context):
            context.out(CUSTOM)
        else:
            context.out(STATUS.format(state="enabled"))
        return 0
    if command in ("enable", "disable", "clear"):
        context.err(RECOVERY)
        return EX_NOPERM
    context.out(USAGE)
    return 1
