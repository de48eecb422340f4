# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which of Debian's programs a Mac shows, and how.

``DIRECT`` are the same programs on both systems. ``WRAPPED`` are GNU's, behind a script that refuses what only GNU
knows (``files/System/Library/Simulator/bin/bsd``). Everything else of Debian is hidden.
"""

from __future__ import annotations

DIRECT: dict[str, tuple[str, ...]] = {
    "/bin": ("bash", "dash", "kill", "stty", "zsh"),
    "/usr/bin": (
        *("bunzip2", "bzcat", "bzip2", "curl", "dig", "gunzip", "gzip", "host", "less", "more", "nc"),
        *("nslookup", "openssl", "perl"),
        *("rsync", "scp", "sftp", "ssh", "ssh-add", "ssh-agent", "ssh-copy-id", "ssh-keygen", "ssh-keyscan"),
        *("su", "sudo", "top", "unzip", "zip", "zipinfo"),
    ),
    "/usr/sbin": ("sshd", "visudo"),
}
# Names a Mac has for a program that Debian calls otherwise.
RENAMED: dict[str, str] = {
    "/bin/sh": "dash",
    "/usr/bin/awk": "mawk",
    "/usr/bin/gzcat": "zcat",
    "/usr/bin/tar": "bsdtar",
    "/usr/bin/bsdtar": "bsdtar",
    "/usr/bin/cpio": "bsdcpio",
}
WRAPPED: dict[str, tuple[str, ...]] = {
    "/bin": (
        *("[", "cat", "chmod", "cp", "date", "dd", "df", "echo", "expr", "link", "ln", "ls", "mkdir", "mv", "ps"),
        *("pwd", "realpath", "rm", "rmdir", "sleep", "sync", "test", "unlink"),
    ),
    "/usr/bin": (
        *("base64", "basename", "chgrp", "cksum", "comm", "cut", "diff", "cmp", "dirname", "du", "egrep", "env"),
        *("expand", "false", "fgrep", "find", "fold", "getconf", "grep", "groups", "head", "id", "install", "join"),
        *("killall", "locale", "logname", "mkfifo", "mktemp", "nice", "nl", "nohup", "od", "paste", "pathchk", "pgrep"),
        *("pkill", "pr", "printenv", "printf", "readlink", "renice", "sed", "seq", "sort", "split", "tail", "tee"),
        *("touch", "tr", "true", "truncate", "tsort", "tty", "unexpand", "uniq", "wc", "which"),
        *("whoami", "xargs", "yes"),
    ),
    "/usr/sbin": ("chown", "chroot"),
}
