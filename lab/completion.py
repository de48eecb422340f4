# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What makes a shell complete the command `lab`: its commands, the options of each, and what these may be."""

from __future__ import annotations

import argparse
import shlex

SHELLS = ("bash", "zsh")

_FUNCTION = """_lab() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command= word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in
      {commands}) command=$word; break ;;
    esac
  done
  case $command in
{cases}
  esac
}}
complete -o default -F _lab lab
"""
_CASE = '    {name}) COMPREPLY=($(compgen -W {words} -- "$current")) ;;'


def words(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """Return what may follow each command, by its name; what may follow `lab` itself has no name."""
    found = {"": _of(parser)}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {name: _of(command) for name, command in action.choices.items()}
            found[""] += action.choices
    return found


def _of(parser: argparse.ArgumentParser) -> list[str]:
    """Return the options of a parser, and what its arguments may be where that is a list."""
    options = [option for action in parser._actions for option in action.option_strings if option.startswith("--")]
    arguments = [action for action in parser._actions if not isinstance(action, argparse._SubParsersAction)]
    return [*options, *(str(choice) for action in arguments for choice in action.choices or ())]


def script(shell: str, found: dict[str, list[str]]) -> str:
    """Return the lines that a shell reads; zsh does so in the manner of bash."""
    cases = "\n".join(
        _CASE.format(name=name or '""', words=shlex.quote(" ".join(listed))) for name, listed in found.items()
    )
    text = _FUNCTION.format(commands="|".join(name for name in found if name), cases=cases)
    return text if shell == "bash" else f"autoload -Uz bashcompinit && bashcompinit\n{text}"
