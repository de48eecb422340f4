# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take back Python, the rule for sudo and the cluster's key from a host, after which Ansible does not get in any more.

Documented in plugins/modules/bootstrap_removal.py. It is one script, which lies in the memory of the shell that runs it
and needs neither the Python that it removes nor the connection that it came by.
"""

from __future__ import annotations

import shlex
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.action.bootstrap_host import ARCHIVE_MARKER, SUDOERS_FILE

WHO = 'echo user="$(id -un)"; echo home="$HOME"'

# Its words: user, home, key, root of Python, marker in it, file of the rule, and yes for a prediction.
SCRIPT = r"""
trap '' HUP INT TERM PIPE
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
user=$1 home=$2 key=$3 root=$4 marker=$5 rule=$6 dry=$7
file=$home/.ssh/authorized_keys
uid=$(id -u "$user")
kernel=$(uname -s)
# Also where nobody hears it any more.
said() { echo "$1=$2" 2>/dev/null || :; }
# What is the user's is changed as the user, so that no link of theirs leads root elsewhere.
as_user() { if [ "$uid" = 0 ]; then "$@"; else sudo -n -u "$user" -- "$@"; fi; }
others() { as_user grep -vxF -e "$key" "$file" | grep -v '^[[:space:]]*#' | grep -q '[^[:space:]]'; }
has_password() { [ "$kernel" = Darwin ] || passwd -S "$user" | grep -q '^[^ ]* P'; }
takes_passwords() {
    settings=$(sshd -T -C "user=$user,host=localhost,addr=127.0.0.1") || return 1
    if [ "$uid" = 0 ]; then echo "$settings" | grep -qx 'permitrootlogin yes' || return 1; fi
    echo "$settings" | grep -Eqx '(passwordauthentication|kbdinteractiveauthentication) yes'
}
has_sudo() { [ "$uid" = 0 ] || { has_password && sudo -l -U "$user" | grep -q 'may run the following commands'; }; }

remove_python() {
    [ "$kernel" = Darwin ] && [ -e "$root" ] || { said python absent; return; }
    [ -e "$root/$marker" ] || { said python foreign; return; }
    [ "$dry" = yes ] || rm -rf "$root" "$root.new" "$root.old"
    [ "$dry" = yes ] || rmdir "$(dirname "$root")" 2>/dev/null
    if [ "$dry" != yes ] && [ -e "$root" ]; then said python failed; return 1; fi
    said python removed
}

# With a dot in its name sudo does not read it: so it is seen who could not use sudo without it.
remove_rule() {
    [ "$dry" = yes ] || rm -f "$rule.removed"
    [ -e "$rule" ] || { said sudo absent; return; }
    if [ "$dry" = yes ]; then said sudo removed; return; fi
    mv -f "$rule" "$rule.removed" || { said sudo failed; return 1; }
    if ! has_sudo; then mv -f "$rule.removed" "$rule"; said sudo needed; return; fi
    rm -f "$rule.removed"
    said sudo removed
}

remove_key() {
    if [ -z "$key" ]; then said key unknown; return; fi
    as_user grep -qxF -e "$key" "$file" 2>/dev/null || { said key absent; return; }
    others || { has_password && takes_passwords; } || { said key needed; return; }
    if [ "$dry" = yes ]; then said key removed; return; fi
    as_user /bin/sh -c '
        umask 077
        grep -vxF -e "$2" "$1" > "$1.new"
        [ $? -le 1 ] || exit 1
        if [ -s "$1.new" ]; then mv -f "$1.new" "$1"; else rm -f "$1.new" "$1"; fi
        rmdir "$(dirname "$1")" 2>/dev/null
        ! grep -qsxF -e "$2" "$1"
    ' sh "$file" "$key" || { said key failed; return 1; }
    said key removed
}

# What Ansible made to work in.
forget_ansible() {
    [ "$dry" = yes ] || as_user rmdir "$home/.ansible/tmp" "$home/.ansible" 2>/dev/null || :
}

remove_python && remove_rule && { forget_ansible; remove_key; }
"""

PARTS = {"python": "Python", "sudo": "passwordless sudo", "key": "cluster key"}
"""What the script says, by the names that bootstrap_host has for it."""

KEPT = {
    ("python", "foreign"): "the Python at {root}, which bootstrap did not bring",
    ("sudo", "needed"): "passwordless sudo: {user} could not use sudo without it; it is the file {rule}",
    (
        "key",
        "needed",
    ): "the cluster's key: {user} has no other key and no password to log in with; it is a line of {file}",
    (
        "key",
        "unknown",
    ): "every key in {file}: this machine has none that was made for this inventory",
}


class ActionModule(ActionBase):
    """Run the script and say what came of it."""

    _VALID_ARGS = frozenset({"public_key", "interpreter"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        who = self._execute(WHO, (), as_root=False)
        root = str(self._task.args["interpreter"]).removesuffix("/bin/python3")
        places = {
            "user": who.get("user", ""),
            "file": f"{who.get('home', '')}/.ssh/authorized_keys",
            "root": root,
            "rule": SUDOERS_FILE,
        }
        key = str(self._task.args["public_key"] or "").strip()
        dry = "yes" if self._task.check_mode else "no"
        words = (places["user"], who.get("home", ""), key, root, ARCHIVE_MARKER, SUDOERS_FILE, dry)
        said = self._execute(SCRIPT, words, as_root=True)
        removed = [name for part, name in PARTS.items() if said.get(part) == "removed"]
        failed = [name for part, name in PARTS.items() if said.get(part, "failed") == "failed"]
        result["changed"] = bool(removed)
        result["removed"] = removed
        result["kept"] = [text.format(**places) for (part, what), text in KEPT.items() if said.get(part) == what]
        before = "".join(f"{name}\n" for name in removed)
        result["diff"] = {"before": before, "after": "", "before_header": "managed", "after_header": "bare"}
        if failed:
            raise AnsibleActionFail(f"{', '.join(failed)} could not be removed; run again with -vvv", result=result)
        return result

    def _execute(self, script: str, words: tuple[str, ...], *, as_root: bool) -> dict[str, str]:
        """Run a script and read the ``name=value`` lines that it prints."""
        command = shlex.join(["/bin/sh", "-c", script, "sh", *words])
        answer = self._low_level_execute_command(command, sudoable=as_root)
        if answer["rc"] != 0 and not answer["stdout"].strip():
            said = (answer["stderr"] or f"status {answer['rc']}").strip().splitlines()
            raise AnsibleActionFail(f"the host could not be examined: {said[-1]}")
        return dict(line.split("=", 1) for line in str(answer["stdout"]).splitlines() if "=" in line)
