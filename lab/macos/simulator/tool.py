# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every simulated program is given, and how the right one is found."""

from __future__ import annotations

import os
import sys

from .lazy import lazy
from .spawn import Completed, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import TextIO

    from .profile import Profile
    from .state import State

HIDDEN = "/System/Library/Simulator/bin"


class Exit(Exception):  # noqa: N818 - leaving is no error
    """Leave a tool at once with an exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Context:
    """One call of one program: its arguments, who calls, and the Mac it runs on."""

    def __init__(
        self,
        argv: list[str],
        program: str,
        *,
        uid: int | None = None,
        state: State | None = None,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.argv = argv
        self.program = program
        self.uid = os.geteuid() if uid is None else uid
        self.stdin = stdin or sys.stdin
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self.environment: Mapping[str, str] = os.environ if environment is None else environment
        if state is not None:
            self.state = state

    @lazy
    def state(self) -> State:
        """Open the store of this Mac when a tool asks for it."""
        from .state import State

        return State()

    @lazy
    def profile(self) -> Profile:
        """Release, model and host, read when a tool asks for them."""
        from .profile import Profile

        return Profile(self.state)

    @property
    def is_root(self) -> bool:
        """Whether the caller is the superuser."""
        return self.uid == 0

    @property
    def name(self) -> str:
        """The program's name without its directory."""
        return os.path.basename(self.program)

    def path(self, absolute: str) -> str:
        """Where a path of the Mac really is."""
        return self.state.path(absolute)

    def out(self, text: str = "", end: str = "\n") -> None:
        """Print to standard output."""
        self.stdout.write(text + end)

    def err(self, text: str = "", end: str = "\n") -> None:
        """Print to standard error."""
        self.stderr.write(text + end)

    def run(self, *argv: str, stdin: str = "", check: bool = False) -> Completed:
        """Run a hidden real program by its name; with ``check`` a failure is an error of the simulator itself."""
        completed = run([f"{HIDDEN}/{argv[0]}", *argv[1:]], stdin)
        if check and completed.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {completed.stderr.strip() or completed.returncode}")
        return completed

    def execute(self, *argv: str) -> int:
        """Become a hidden real program. Unit tests replace this; in the guest it does not return."""
        self.stdout.flush()
        self.stderr.flush()
        os.execve(f"{HIDDEN}/{argv[0]}", list(argv), dict(self.environment))


def load(program: str) -> ModuleType | None:
    """Find the module of a program by the name it was called by; some modules answer to several names."""
    import importlib

    name = os.path.basename(program)
    for candidate in (name.replace("-", "_"), aliases().get(name, "")):
        if candidate and os.path.exists(f"{_TOOLS}/{candidate}.py"):
            return importlib.import_module(f".tools.{candidate}", __package__)
    return None


_TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools")


def aliases() -> dict[str, str]:
    """Names of programs whose module is named otherwise: read from the table made when the layer was built."""
    from .state import read_json

    table = os.path.join(_TOOLS, "aliases.json")
    return read_json(table) if os.path.exists(table) else find_aliases()


def find_aliases() -> dict[str, str]:
    """Ask every tool for its paths."""
    import importlib

    found = {}
    for file in sorted(os.listdir(_TOOLS)):
        module = file.removesuffix(".py")
        if module in (file, "__init__") or module.endswith("_texts"):
            continue
        for path in getattr(importlib.import_module(f".tools.{module}", __package__), "PATHS", ()):
            name = os.path.basename(path)
            if name.replace("-", "_") != module:
                found[name] = module
    return found


def call(context: Context) -> int:
    """Run the program that a context names and return its exit status."""
    module = load(context.program)
    if module is None:
        context.err(f"{context.name}: not a program of the simulator")
        return 127
    try:
        return int(module.main(context))
    except Exit as leave:
        return leave.status


def main() -> int:
    """Run as the program by whose path this process was started."""
    import _signal  # type: ignore[import-not-found]  # what `signal` wraps, without its enumerations

    # macOS's programs die of a closed pipe or of Ctrl-C without a word, Python's would print a traceback.
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    status = call(Context(sys.argv[1:], sys.argv[0]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter down in good order costs more than many a tool's work.
    os._exit(status)
