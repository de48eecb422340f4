# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command `lab`."""

from __future__ import annotations

import argparse
import errno
import json
import shlex
import sys
import time
import traceback
from pathlib import Path

from lab import (
    access,
    cables,
    completion,
    inventory,
    lifecycle,
    names,
    power,
    preflight,
    saving,
    state,
    states,
    status,
    wiring,
)
from lab.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NO_SPACE, EXIT_OK, LabError, UsageError
from lab.topology import Cable, End

_DEFAULT_INVENTORY = Path("inventories/lab")
_LONGEST_SECONDS = 3600


def main() -> int:
    """Run the command with the arguments of this process."""
    return run(sys.argv[1:])


def run(argv: list[str]) -> int:
    """Run the command and return its exit status; an expected error is one line on standard error."""
    options = parser().parse_args(argv)
    try:
        options.name = names.check_lab_name(options.name)
        result: int = options.action(options)
    except LabError as error:
        if options.verbose:
            traceback.print_exc()
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if options.verbose:
            traceback.print_exc()
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        print(f"lab: {_sentence(error, full=full)}", file=sys.stderr)
        return EXIT_NO_SPACE if full else EXIT_FAILED
    except KeyboardInterrupt:
        print("lab: interrupted; `lab up` goes on and `lab down` clears away.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return result


def _sentence(error: OSError, *, full: bool) -> str:
    if full:
        return (
            f"The disk is full at {error.filename or 'a file of the lab'}; free some space and run the command again."
        )
    return f"{error.filename or 'A file of the lab'}: {error.strerror or error}."


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="lab", description="The cluster in a box: simulated hosts on this machine.")
    top.add_argument("--name", default=names.default_lab(), help="the lab (default: $LAB_NAME or %(default)s)")
    top.add_argument("-v", "--verbose", action="store_true", help="show where an error came from")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start the lab, or what is missing of it")
    up.add_argument("-i", "--inventory", type=Path, default=_DEFAULT_INVENTORY, help="default: %(default)s")
    up.set_defaults(action=_up)

    down = commands.add_parser("down", help="remove the lab and everything it left on this machine")
    down.set_defaults(action=_down)

    show = commands.add_parser("status", help="list hosts and cables")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(action=_status)

    ssh = commands.add_parser("ssh", help="log in to a host")
    ssh.set_defaults(action=_ssh)
    inside = commands.add_parser("exec", help="run a command as root inside a host, also without sshd")
    inside.set_defaults(action=_exec)
    for command in (ssh, inside):
        command.add_argument("host", metavar="HOST")
        command.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="default: a shell")

    reset = commands.add_parser("reset", help="make hosts bare again")
    reset.add_argument("hosts", nargs="*", metavar="HOST", help="default: all")
    reset.set_defaults(action=_reset)

    save = commands.add_parser("save", help="keep what the hosts are now under a name")
    save.add_argument("state", metavar="NAME")
    save.add_argument("--whole", action="store_true", help="its hosts know each other: restore them together only")
    save.add_argument(
        "--ready", type=shlex.split, default=[], metavar="COMMAND", help="succeeds when a restored lab is ready"
    )
    save.set_defaults(action=_save)

    restore = commands.add_parser("restore", help="make the lab, or hosts of it, what they were when it was saved")
    restore.add_argument("state", metavar="NAME")
    restore.add_argument("hosts", nargs="*", metavar="HOST", help="default: the whole lab")
    restore.set_defaults(action=_restore)

    listed = commands.add_parser("states", help="list the saved labs")
    listed.set_defaults(action=_states)

    forget = commands.add_parser("forget", help="remove a saved lab")
    forget.add_argument("state", metavar="NAME")
    forget.set_defaults(action=_forget)

    cable = commands.add_parser("cable", help="plug a Thunderbolt cable in or out")
    cable.add_argument("ends", nargs=2, metavar="HOST:PORT")
    cable.add_argument("--unplug", action="store_true", help="pull the cable out")
    cable.set_defaults(action=_cable)

    sleep = commands.add_parser("sleep", help="send a host to sleep, from which a magic packet for its card wakes it")
    sleep.add_argument("host", metavar="HOST")
    sleep.add_argument(
        "--going-down", type=_seconds, default=2, metavar="SECONDS", help="packets are lost meanwhile (%(default)s)"
    )
    sleep.add_argument(
        "--waking", type=_seconds, default=3, metavar="SECONDS", help="from the packet until it goes on (%(default)s)"
    )
    sleep.set_defaults(action=_sleep)

    switch = commands.add_parser("power", help="cut or restore a host's power, press its button, unlock its disk")
    switch.add_argument("what", choices=("off", "on", "press", "unlock"))
    switch.add_argument("host", metavar="HOST")
    switch.set_defaults(action=_power)
    _add_completion(commands)
    return top


def _add_completion(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    shell = commands.add_parser("completion", help="print what makes a shell complete this command")
    shell.add_argument("shell", choices=completion.SHELLS)
    shell.set_defaults(action=_completion)


def _completion(options: argparse.Namespace) -> int:
    print(completion.script(options.shell, completion.words(parser())), end="")
    return EXIT_OK


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def _up(options: argparse.Namespace) -> int:
    start = time.monotonic()
    lifecycle.up(options.name, options.inventory, _say)
    print(status.render(status.collect(options.name)))
    _say(f"up after {time.monotonic() - start:.1f} s")
    return EXIT_OK


def _down(options: argparse.Namespace) -> int:
    lifecycle.down(options.name)
    return EXIT_OK


def _status(options: argparse.Namespace) -> int:
    preflight.check_machine()
    collected = status.collect(options.name)
    print(json.dumps(collected, indent=1) if options.json else status.render(collected))
    return EXIT_OK


def _command(options: argparse.Namespace) -> list[str]:
    command: list[str] = options.command
    return command[1:] if command[:1] == ["--"] else command


def _ssh(options: argparse.Namespace) -> int:
    preflight.check_machine()
    host = state.load(options.name).topology.host(options.host)
    return access.ssh(options.name, host, _command(options))


def _exec(options: argparse.Namespace) -> int:
    preflight.check_machine()
    host = state.load(options.name).topology.host(options.host)
    return access.execute(options.name, host, _command(options))


def _reset(options: argparse.Namespace) -> int:
    topology = state.load(options.name).topology
    hosts = [topology.host(name) for name in options.hosts] or list(topology.hosts)
    lifecycle.reset(options.name, hosts, _say)
    return EXIT_OK


def _save(options: argparse.Namespace) -> int:
    saving.save(options.name, options.state, whole=options.whole, ready=options.ready, say=_say)
    return EXIT_OK


def _restore(options: argparse.Namespace) -> int:
    start = time.monotonic()
    saving.restore(options.name, options.state, options.hosts, _say)
    print(status.render(status.collect(options.name)))
    _say(f"restored after {time.monotonic() - start:.1f} s")
    return EXIT_OK


def _states(options: argparse.Namespace) -> int:  # noqa: ARG001 - the other commands' signature
    preflight.check_machine()
    print("\n".join(status.table(states.rows())))
    return EXIT_OK


def _forget(options: argparse.Namespace) -> int:
    preflight.check_machine()
    saving.forget(options.state, _say)
    return EXIT_OK


def parse_end(text: str) -> End:
    """Read one end of a cable, for example ``olab1:2``."""
    host, _, receptacle = text.rpartition(":")
    if not host or not receptacle.isdigit():
        raise UsageError(f"{text!r} is not a valid end of a cable; write HOST:PORT, for example olab1:2.")
    return End(host, int(receptacle))


def _cable(options: argparse.Namespace) -> int:
    preflight.check_machine()
    cable = Cable.between(*map(parse_end, options.ends))
    with state.locked(options.name):
        known = state.load(options.name)
        for end in cable.ends:
            inventory.check_end(known.topology, end)
        if cable.first == cable.second:
            raise UsageError(f"A cable has two ends, and {cable.first} is one.")
        if options.unplug and cable not in known.topology.cables:
            raise UsageError(f"There is no cable {cable}.")
        change = cables.unplug if options.unplug else cables.plug
        changed = state.State(known.lab, known.inventory, change(known.topology, cable))
        changed.save()
        wiring.refresh(options.name, changed.topology)
    return EXIT_OK


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise ValueError(text)
    return seconds


def _sleep(options: argparse.Namespace) -> int:
    preflight.check_machine()
    with state.locked(options.name):
        host = state.load(options.name).topology.host(options.host)
        if not power.sleep(options.name, host, going_down=options.going_down, waking=options.waking):
            _say(f"{host.name} has not armed its card: no packet wakes it; `lab power press {host.name}` does")
    return EXIT_OK


def _power(options: argparse.Namespace) -> int:
    preflight.check_machine()
    with state.locked(options.name):
        host = state.load(options.name).topology.host(options.host)
        if options.what == "off":
            power.off(options.name, host)
        elif options.what == "unlock":
            power.unlock(options.name, host)
        elif options.what == "press":
            power.press(options.name, host)
        elif not power.restore(options.name, host):
            _say(f"{host.name} has power and stays off, as its settings say; `lab power press {host.name}` starts it")
    return EXIT_OK
