# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ``defaults`` says."""

from __future__ import annotations

USAGE = """\
Command line interface to a user's defaults.
Syntax:

'defaults' [-currentHost | -host <hostname>] followed by one of the following:

  read                                 shows all defaults
  read <domain>                        shows defaults for given domain
  read <domain> <key>                  shows defaults for given domain, key

  read-type <domain> <key>             shows the type for the given domain, key

  write <domain> <domain_rep>          writes domain (overwrites existing)
  write <domain> <key> <value>         writes key for domain

  rename <domain> <old_key> <new_key>  renames old_key to new_key

  delete <domain>                      deletes domain
  delete <domain> <key>                deletes key in domain

  import <domain> <path to plist>      writes the plist at path to domain
  import <domain> -                    writes a plist from stdin to domain
  export <domain> <path to plist>      saves domain as a binary plist to path
  export <domain> -                    writes domain as an xml plist to stdout
  domains                              lists all domains
  help                                 print this help"""
NO_PAIR = "\nThe domain/default pair of ({domain}, {key}) does not exist"
# What follows the key on macOS 27 is not known.
NO_PAIR_27 = "Could not find key '{key}' in domain '{domain}'"
NO_DOMAIN = "\nDomain {domain} does not exist"
NOT_DELETED = "\nDomain ({domain}) not found.\nDefaults have not been changed."
NOT_WRITTEN = "Could not write domain {domain}; exiting"
NOT_A_VALUE = "Could not parse: {value}.  Try single-quoting it."
NOT_A_DOMAIN = "Rep argument is not a dictionary\nDefaults have not been changed."
