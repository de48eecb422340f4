# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the disk of /boot holds what a driver adds to the initramfs of every kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import Host


def needed(host: Host, growth: int) -> int:
    """Return the megabytes that have to be free: each grows, and the new one is written beside the old one."""
    sizes = host.initramfs.values()
    return growth * max(1, len(sizes)) + max(sizes, default=0) + growth


def check(host: Host, growth: int) -> None:
    """Refuse while it does not: half an initramfs leaves packages half-configured, and a host that does not boot."""
    need = needed(host, growth)
    if host.boot_free >= need:
        return
    may_go = [kernel for kernel in host.kernel.kernels[1:] if kernel != host.kernel.running]
    way = (
        f"Remove what is not needed: the kernel {enumerate_names(may_go)} neither runs nor boots next, so `sudo apt-get"
        f" purge {' '.join(f'linux-image-{kernel}' for kernel in may_go)}` frees"
        f" {sum(host.initramfs.get(kernel, 0) for kernel in may_go)} MB and more."
        if may_go
        else "There is no older kernel that could go: make that file system larger."
    )
    raise DriverError(
        f"/boot has {host.boot_free} MB free, and the driver needs {need} MB there to write an initramfs for each of"
        f" {max(1, len(host.initramfs))} kernels. Nothing was installed. {way}"
    )
