# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What can go wrong, as one sentence and one exit status each."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_LINUX = 3
EXIT_NOT_ROOT = 4
EXIT_MISSING_PACKAGE = 5
EXIT_NO_SPACE = 6
EXIT_INVENTORY = 7
EXIT_NOT_UP = 8
EXIT_UNKNOWN_HOST = 9
EXIT_TIMEOUT = 10
EXIT_INTERRUPTED = 130


class LabError(Exception):
    """Base of every expected error; its text is one sentence for the person at the terminal."""

    exit_code = EXIT_FAILED


class NotLinuxError(LabError):
    """The lab needs Linux namespaces."""

    exit_code = EXIT_NOT_LINUX


class NotRootError(LabError):
    """The lab needs to be root."""

    exit_code = EXIT_NOT_ROOT


class MissingPackageError(LabError):
    """A program of this machine is missing."""

    exit_code = EXIT_MISSING_PACKAGE


class NoSpaceError(LabError):
    """A disk is too full."""

    exit_code = EXIT_NO_SPACE


class InventoryError(LabError):
    """The inventory does not describe a lab."""

    exit_code = EXIT_INVENTORY


class NotUpError(LabError):
    """The lab or a host of it is not running."""

    exit_code = EXIT_NOT_UP


class UnknownHostError(LabError):
    """A name is not a host of the lab."""

    exit_code = EXIT_UNKNOWN_HOST


class HostTimeoutError(LabError):
    """A host did not get ready in time."""

    exit_code = EXIT_TIMEOUT


class UsageError(LabError):
    """The command line asks for something that does not exist."""

    exit_code = EXIT_USAGE
