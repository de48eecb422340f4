# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The labs that tests start from: `managed`, bare hosts after bootstrap, and `site`, after the whole site.

``python -m tests.states managed`` brings the lab LAB_NAME there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
INVENTORY = "inventories/lab"
MANAGED = "managed"
SITE = "site"
_BIN = Path(sys.executable).parent


def lab_name() -> str:
    """Return the lab that is meant."""
    return os.environ.get("LAB_NAME", "test")


def _run(*argv: str, name: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LAB_NAME": name or lab_name(), "PATH": f"{_BIN}:{os.environ['PATH']}"}
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def lab(*arguments: str, name: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command of the lab."""
    return _run("lab", *arguments, name=name, check=check)


def forget_all() -> None:
    """Forget the saved labs, if there are any: what they were made by may have changed since."""
    saved = lab("states").stdout
    for state in (SITE, MANAGED):
        if re.search(rf"^{state} ", saved, re.MULTILINE):
            lab("forget", state)


def managed() -> None:
    """Bring the lab where every role may begin; saved when it is first asked for."""
    restored = lab("restore", MANAGED, check=False)
    if restored.returncode == 0:
        return
    print(restored.stderr.strip(), file=sys.stderr)
    lab("down")
    # Not before: what a lab lies on is not forgotten.
    lab("forget", MANAGED, check=False)
    lab("up", "--inventory", INVENTORY)
    secret = f"/run/hybrid-lab/{lab_name()}/password"
    bootstrap = ("playbooks/bootstrap.yml", "--connection-password-file", secret, "--become-password-file", secret)
    _run("ansible-playbook", "-i", INVENTORY, *bootstrap)
    # Every role with a package would fetch the lists again after each restore; they count for an hour.
    _run("ansible", "linux", "-i", INVENTORY, "--become", "-m", "ansible.builtin.apt", "-a", "update_cache=true")
    # Another lab may still lie on the one that could not be restored: then each makes its own.
    print(lab("save", MANAGED, check=False).stderr.strip(), file=sys.stderr)


def save_site() -> None:
    """Keep the lab, which has the whole site on it."""
    verify = f"ansible-playbook -i {INVENTORY} playbooks/verify.yml"
    lab("save", SITE, "--whole", "--ready", verify)


def site() -> None:
    """Bring the lab where the whole site is on it and verify finds every line true."""
    if lab("restore", SITE, check=False).returncode == 0:
        return
    managed()
    _run("ansible-playbook", "-i", INVENTORY, "site.yml")
    lab("forget", SITE, check=False)
    save_site()
    lab("restore", SITE)


if __name__ == "__main__":
    {MANAGED: managed, SITE: site}[sys.argv[1]]()
