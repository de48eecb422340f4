# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Network services of a Mac, through `networksetup`.

A call goes through the files in this order: `wanted` checks what is asked for, `location` comes first because
services belong to one, `state` reads the current services and plans the way, with `settings`, `addressing` and `bridge`
for what each setting is; `carrier` keeps the connection that Ansible came by, `undo` takes a change back that cut it,
and `change` does all of that. `tool` runs `networksetup`, `hardware_ports` names the devices.
"""
