# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the root file system of the hosts is made of."""

from __future__ import annotations

# The simulated Mac's Python comes from this release: its version is that of the interpreter the playbooks bring.
SUITE = "bookworm"
BASE_PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "sudo",
    "python3",
    "python3-apt",
    "nftables",
    "curl",
    "bind9-dnsutils",
    "python3-pip",
    "ca-certificates",
    "iproute2",
    "iputils-ping",
    "netbase",
    "procps",
    "less",
    "xz-utils",
    "tzdata",
)

# Programs of this machine and the Debian package each is in.
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "tc": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "umount": "mount",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sysctl": "procps",
    "dpkg": "dpkg",
    "gcc": "gcc",
}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
KEYRING_PACKAGE = "debian-archive-keyring"
