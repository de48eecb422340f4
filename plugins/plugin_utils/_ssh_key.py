# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""An SSH key on the controller: whether a run can log in with it, and its public half."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands

_PUBLIC = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-")
"""What a line with a public key begins with."""
_PRIVATE = b"PRIVATE KEY-----"
_OPEN_TO_OTHERS = 0o077


class KeyFileError(ClusterError):
    """A file holds no key that a run could log in with; the sentence begins with what the file is or does."""


def public_half(file: Path, *, may_ask: bool = True) -> str:
    """Return the public half of a private key, on one line.

    A key with a passphrase has to be in an SSH agent, unless somebody else gives ssh the passphrase (`may_ask` is then
    false), since a run asks nobody.
    """
    file = file.expanduser().absolute()
    _refuse_unusable(file)
    commands = Commands()
    # Without -P it would ask for the passphrase.
    derived = commands.run(["ssh-keygen", "-y", "-P", "", "-f", str(file)])
    kept = _kept_half(file)
    if derived.rc == 0:
        public = derived.out.strip()
        if kept and bare(kept) != bare(public):
            raise KeyFileError(f"has a {file.name}.pub beside it that is not its public half; remove {file}.pub.")
        return public
    if "passphrase" not in derived.err:
        raise KeyFileError(f"is not a private key that ssh-keygen can read ({derived.text}); name another one.")
    if not kept:
        raise KeyFileError(
            f"has a passphrase and no public half beside it; write that with `ssh-keygen -y -f {file} > {file}.pub`."
        )
    if may_ask and bare(kept) not in map(bare, commands.run(["ssh-add", "-L"]).out.splitlines()):
        raise KeyFileError(f"has a passphrase, which no run asks for, and no SSH agent holds it; run `ssh-add {file}`.")
    return kept


def bare(public: str) -> str:
    """Return a public key without its comment."""
    return " ".join(public.split()[:2])


def _refuse_unusable(file: Path) -> None:
    """Say why ssh would not use a file, before a run depends on it."""
    try:
        status = file.stat()
        with file.open("rb") as opened:
            head = opened.read(64)
    except FileNotFoundError:
        raise KeyFileError("does not exist; write the path of the private key.") from None
    except IsADirectoryError:
        raise KeyFileError("is a folder; write the path of the private key in it.") from None
    except OSError as error:
        raise KeyFileError(f"cannot be read ({error.strerror}); run this as the user whose key it is.") from None
    if head.startswith(tuple(kind.encode() for kind in _PUBLIC)):
        raise KeyFileError("is a public key; write the path of the private one, which has no .pub.")
    if _PRIVATE not in head:
        raise KeyFileError("is not a private key of OpenSSH; write the path of one, or make one with `ssh-keygen`.")
    # ssh itself looks at the mode of its own user's files only.
    if status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) & _OPEN_TO_OTHERS:
        raise KeyFileError(f"can be read by others, and ssh then refuses it; run `chmod 600 {file}`.")


def _kept_half(file: Path) -> str | None:
    try:
        text = Path(f"{file}.pub").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return text if text.startswith(_PUBLIC) and "\n" not in text else None
