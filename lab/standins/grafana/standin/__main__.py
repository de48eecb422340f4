# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program: `grafana server`, and `grafana cli admin reset-admin-password`."""

from __future__ import annotations

import argparse
import sys

from . import VERSION, accounts, configuration, provisioning, web


def _arguments() -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--homepath", default=".")
    common.add_argument("--config", required=True)
    parser = argparse.ArgumentParser(prog="grafana")
    parser.add_argument("--version", "-v", action="version", version=f"grafana version {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("server", parents=[common])
    cli = commands.add_parser("cli", parents=[common])
    cli.add_argument("area", choices=["admin"])
    cli.add_argument("action", choices=["reset-admin-password"])
    cli.add_argument("--password-from-stdin", action="store_true", required=True)
    return parser.parse_args()


def main() -> int:
    """Run."""
    arguments = _arguments()
    try:
        settings = configuration.read(arguments.config)
        if arguments.command == "cli":
            accounts.reset(settings, sys.stdin.readline().rstrip("\n"))
            print("\nAdmin password changed successfully ✔")
            return 0
        accounts.create(settings)
        web.serve(settings, web.Api(provisioning.Provisioned(settings.provisioning)))
    except (configuration.ConfigurationError, provisioning.ProvisioningError, OSError) as error:
        print(f"Error: ✗ {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
