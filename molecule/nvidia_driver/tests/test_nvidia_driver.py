# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The branch that the scenario names is loaded, its packages are free to move, and nouveau stays away."""

from __future__ import annotations

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("gpu1")


def test_the_module_of_the_branch_is_loaded(host):
    said = host.file("/proc/driver/nvidia/version").content_string
    assert "Open Kernel Module" in said
    assert " 620." in said


def test_the_packages_are_of_that_branch(host):
    said = host.check_output("dpkg-query --show --showformat '${Package} ${Version}\\n' 'nvidia-*'")
    versions = dict(line.split(maxsplit=1) for line in said.splitlines() if len(line.split()) == 2)
    assert "nvidia-driver-pinning-620" in versions
    assert versions["nvidia-kernel-open-dkms"].startswith("620.")


def test_nothing_is_held(host):
    assert host.check_output("apt-mark showhold") == ""


def test_nouveau_stays_away(host):
    options = host.file("/etc/modprobe.d/zz-hybrid-ai-nvidia.conf").content_string
    assert "blacklist nouveau" in options
    assert "NVreg_UseKernelSuspendNotifiers=1" in options


def test_persistence_is_on(host):
    assert host.service("nvidia-persistenced").is_running
    assert "--no-persistence-mode" not in host.check_output("systemctl show --property ExecStart nvidia-persistenced")
