# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m hybrid_cluster.command`, and what the installed script `cluster` begins with."""

from __future__ import annotations

import sys

from hybrid_cluster.command import exits

_NEEDED = {"ansible", "ansible_runner", "rich", "typer"}


def main() -> int:
    """Run the command with the arguments of this process."""
    try:
        from hybrid_cluster.command.app import run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _NEEDED:
            raise
        print(f"cluster: {error.name} is not installed; install the package with its extra `command`.", file=sys.stderr)
        return exits.FAILED
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
