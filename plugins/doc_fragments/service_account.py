# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The user of a service, as the modules that look at it are told of it."""

from __future__ import annotations

from textwrap import indent

_ACCOUNT = """\
name:
  description: The user and its group.
  type: str
  required: true
uid:
  description: The wanted number of both; any number if unset.
  type: int
description:
  description: The wanted comment.
  type: str
  required: true
home:
  description: The wanted home, which need not be there.
  type: path
  required: true
shell:
  description: The wanted shell.
  type: path
  required: true
hidden:
  description: Whether a Mac's login window must not show it.
  type: bool
  default: false
directories:
  description: Directories that have to belong to it with the mode 0750.
  type: list
  elements: path
  default: []
files:
  description: Files that have to belong to it with the mode 0640, in directories of root's.
  type: list
  elements: path
  default: []
"""

_OPTION = """\
account:
  description:
    - The service's own user, its group and its directories, which have to be there before anything of the service is.
      O(user) may be another one, for a program that becomes this user by itself.
    - They are only looked at. Where one of them is not as wanted, the module touches nothing and says in
      RV(account_missing) what to make first.
    - Without it nothing is looked at. With O(state=absent) neither.
  type: dict
  suboptions:
"""


class ModuleDocFragment:
    """The same options: those of a module, and those of one option of a module."""

    DOCUMENTATION = f"options:\n{indent(_ACCOUNT, '  ')}"

    OPTION = f"options:\n{indent(_OPTION, '  ')}{indent(_ACCOUNT, '      ')}"
