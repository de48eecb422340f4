#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_driver_packages
short_description: Install, exchange or remove the packages of NVIDIA's driver in one transaction
version_added: 0.1.0
description:
  - Brings a host to the packages that M(hybrid_ai.cluster.nvidia_driver_plan) found, whether that installs, upgrades or
    downgrades a driver. What is there as wanted is not touched.
  - The transaction is simulated first. One that would remove anything that is not part of a driver is refused; where
    O(desktop_packages) are given, these are tried before.
  - Holds the packages, so that no upgrade moves the driver's libraries away from the module that is loaded.
  - Remembers what it brought. With O(state=absent) that goes, and nothing else.
  - In check mode an archive that is not known yet is taken to have what is missing.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  state:
    description: V(absent) removes the packages that were brought.
    type: str
    choices: [present, absent]
    default: present
  branch:
    description: The branch of the driver; packages of others are exchanged or removed. Needed with O(state=present).
    type: int
  packages:
    description: The packages of RV(hybrid_ai.cluster.nvidia_driver_plan#module:plan).
    type: list
    elements: dict
    default: []
    suboptions: &wanted
      names:
        description: The first of these that an archive has is taken.
        type: list
        elements: str
        required: true
      version:
        description: What its version has to begin with, such as V(580.), or NVIDIA's whole version.
        type: str
      optional:
        description: Whether it is left away where no archive has it.
        type: bool
        default: false
      otherwise:
        description: Packages to bring up to date where it is left away.
        type: list
        elements: str
        default: []
      together:
        description: Packages to bring up to date with it.
        type: list
        elements: str
        default: []
  remove:
    description: Packages that must not stay.
    type: list
    elements: str
    default: []
  desktop_packages:
    description: What is taken instead where O(packages) would remove what somebody's screen needs.
    type: list
    elements: dict
    default: []
    suboptions: *wanted
  desktop_remove:
    description: O(remove) for O(desktop_packages).
    type: list
    elements: str
    default: []
  desktop:
    description: Whether O(packages) have what a screen needs; only a sentence needs to know.
    type: bool
    default: false
  hold:
    description: Whether the driver's packages are held. V(false) releases those that were held here.
    type: bool
    default: true
  hold_also:
    description: Further packages to hold with them, where they are installed.
    type: list
    elements: str
    default: []
  advice:
    description: What to write where no archive has a package.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Install the driver
  hybrid_ai.cluster.nvidia_driver_packages:
    branch: 580
    packages:
      - {names: [libnvidia-compute-580], version: "580."}
      - {names: [nvidia-dkms-580-open], version: "580."}
    remove: [nvidia-dkms-575-open]
"""

RETURN = r"""
installed:
  description: Packages that were installed, or changed their version, with the version; in check mode those that would.
  returned: success
  type: dict
  sample: {nvidia-dkms-580-open: 580.173.02-0ubuntu1}
removed:
  description: Packages that were removed.
  returned: success
  type: list
  elements: str
held:
  description: Packages that are held now and were not.
  returned: success
  type: list
  elements: str
desktop:
  description: Whether O(desktop_packages) were taken.
  returned: success
  type: bool
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _apt, _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._earlier_settings import EarlierSettings
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import installation, packages
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import installed_packages
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.installation import DriverSet, Prepared
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module

if TYPE_CHECKING:
    from collections.abc import Mapping

BROUGHT = "packages"
HELD = "holds"
BUILD_LOGS = "/var/lib/dkms/nvidia"
_WANTED = {
    "names": {"type": "list", "elements": "str", "required": True},
    "version": {"type": "str"},
    "optional": {"type": "bool", "default": False},
    "otherwise": {"type": "list", "elements": "str", "default": []},
    "together": {"type": "list", "elements": "str", "default": []},
}


class Driver:
    """The packages of a driver on a host, and what is remembered of them."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._commands = call.commands
        self._earlier = EarlierSettings("nvidia-driver", _names.LINUX_STATE_DIRECTORY)

    def bring(self) -> dict[str, Any]:
        """Install, and hold."""
        options = self._call.options
        before = installed_packages(self._commands)
        small, desktop = self._sets()
        chosen = desktop if desktop and not desktop.to_do(before) else small
        prepared = None
        if chosen.to_do(before):
            chosen, prepared = self._prepare(small, desktop, before)
            if prepared and not self._call.check_mode:
                self._install(prepared, before, chosen)
        after = before if self._call.check_mode else installed_packages(self._commands)
        held = self._hold(after) if options["hold"] else self._release()
        return {
            "changed": prepared is not None or chosen.to_do(before) or bool(held),
            "installed": prepared.transaction.installs if prepared else {},
            "removed": prepared.transaction.removes if prepared else [],
            "held": held if options["hold"] else [],
            "desktop": chosen is desktop,
        }

    def _sets(self) -> tuple[DriverSet, DriverSet | None]:
        options = self._call.options
        small = DriverSet(
            options["branch"], [packages.from_dict(one) for one in options["packages"]], options["remove"]
        )
        if not options["desktop_packages"]:
            return small, None
        wanted = [packages.from_dict(one) for one in options["desktop_packages"]]
        return small, DriverSet(options["branch"], wanted, options["desktop_remove"])

    def _prepare(
        self, small: DriverSet, desktop: DriverSet | None, before: Mapping[str, str]
    ) -> tuple[DriverSet, Prepared | None]:
        """Return the set that takes nothing from the host but drivers, and its transaction."""
        options = self._call.options
        try:
            prepared = installation.prepare(self._commands, small, before, options["advice"])
            if prepared.outside and desktop:
                other = installation.prepare(self._commands, desktop, before, options["advice"])
                if not other.outside:
                    return desktop, other
            installation.refuse_outside(prepared, desktop=options["desktop"])
        except (DriverError, _apt.AptError):
            # The repository that has it is added in the same run.
            if self._call.check_mode and not _known(self._commands, small, before):
                return small, None
            raise
        return small, prepared

    def _install(self, prepared: Prepared, before: Mapping[str, str], chosen: DriverSet) -> None:
        new = {name for name in prepared.transaction.installs if name not in before}
        named = set(prepared.words)
        brought = {name: "installed" for name in new if packages.is_driver(name) or name in named}
        self._earlier.remember(BROUGHT, {}, brought)
        self._earlier.save()
        words = [*_apt.GET, *installation.OPTIONS, *prepared.words]
        answer = self._commands.run(words, timeout=_apt.SECONDS)
        after = installed_packages(self._commands)
        still = [" or ".join(one.names) for one in chosen.missing(after) if not one.optional]
        still += chosen.left(after) + chosen.strays(after)
        unsettled = _apt.unsettled(self._commands)
        if answer.rc != 0 or still or unsettled:
            raise DriverError(
                f"The driver is not installed as wanted ({enumerate_names([*still, *unsettled]) or 'apt failed'}):"
                f" {_apt.reason(answer)}{_build_log()} Run this again when that is mended; it goes on from there."
            )

    def _hold(self, installed: Mapping[str, str]) -> list[str]:
        wanted = {name for name in installed if packages.is_driver(name)}
        wanted |= {name for name in self._call.options["hold_also"] if name in installed}
        new = sorted(wanted - set(_apt.held(self._commands)))
        if new and not self._call.check_mode:
            self._earlier.remember(HELD, {}, dict.fromkeys(new, "held"))
            self._earlier.save()
            self._commands.check_output(["apt-mark", "hold", *new])
            left = sorted(set(new) - set(_apt.held(self._commands)))
            if left:
                raise DriverError(f"apt-mark does not hold {enumerate_names(left)}.")
        return new

    def _release(self) -> list[str]:
        ours = sorted(set(self._earlier.areas.get(HELD, {})) & set(_apt.held(self._commands)))
        if not self._call.check_mode:
            if ours:
                self._commands.check_output(["apt-mark", "unhold", *ours])
            if self._earlier.areas.pop(HELD, None) is not None:
                self._earlier.save()
        return ours

    def remove(self) -> dict[str, Any]:
        """Remove what was brought."""
        installed = installed_packages(self._commands)
        names = sorted(name for name in self._earlier.areas.get(BROUGHT, {}) if name in installed)
        removed: list[str] = []
        if names:
            words = ["--allow-change-held-packages", "purge", *names]
            planned = _apt.simulate(self._commands, words)
            others = [name for name in planned.removes if name not in names and not packages.is_driver(name)]
            if others:
                raise DriverError(
                    f"{enumerate_names(others)} needs NVIDIA's driver and would go with it: remove that first, or leave"
                    " the driver."
                )
            removed = planned.removes
        released = self._release()
        if names and not self._call.check_mode:
            answer = self._commands.run([*_apt.GET, *words], timeout=_apt.SECONDS)
            still = sorted(set(names) & set(installed_packages(self._commands)))
            if answer.rc != 0 or still:
                raise DriverError(
                    f"{enumerate_names(still) or 'The driver'} could not be removed: {_apt.reason(answer)}"
                )
        if not self._call.check_mode:
            self._earlier.forget()
        return {
            "changed": bool(names or released),
            "installed": {},
            "removed": removed,
            "held": [],
            "desktop": False,
        }


def _known(commands: Any, chosen: DriverSet, before: Mapping[str, str]) -> bool:
    """Tell whether an archive has every package that is missing."""
    missing = [one for one in chosen.missing(before) if not one.optional]
    found = _apt.candidates(commands, [name for one in missing for name in one.names])
    return all(any(name in found for name in one.names) for one in missing)


def _build_log() -> str:
    """Return the last error of DKMS, whose own message is that there was one."""
    folder = _files.real(BUILD_LOGS)
    logs = sorted(folder.glob("*/build/make.log"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    if not logs:
        return ""
    lines = logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()
    said = next((line.strip() for line in lines if "error:" in line.lower()), lines[-1].strip() if lines else "nothing")
    return f' The build of the modules says "{said}", in {BUILD_LOGS}/{logs[-1].relative_to(folder)}.'


def manage(call: Call) -> dict[str, Any]:
    """Bring or remove."""
    if call.options["state"] == "present" and call.options["branch"] is None:
        raise DriverError("branch is missing: write the one that nvidia_driver_plan found.")
    driver = Driver(call)
    return driver.bring() if call.options["state"] == "present" else driver.remove()


def main() -> None:
    """Run the module."""
    wanted = {"type": "list", "elements": "dict", "default": [], "options": _WANTED}
    names = {"type": "list", "elements": "str", "default": []}
    run_module(
        "Installing a driver",
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "branch": {"type": "int"},
            "packages": wanted,
            "remove": names,
            "desktop_packages": wanted,
            "desktop_remove": names,
            "desktop": {"type": "bool", "default": False},
            "hold": {"type": "bool", "default": True},
            "hold_also": names,
            "advice": {"type": "str", "default": ""},
        },
        manage,
    )


if __name__ == "__main__":
    main()
