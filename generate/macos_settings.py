# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible wants as static text about each setting of a Mac, from the declarations.

The module's documentation, and the role's defaults, specification, task and variables hold it between two marks.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option, Setting

BEGIN = "# Written by `make generate` from plugins/module_utils/_macos, where it is changed."
END = "# End of what `make generate` writes."
WIDTH = 118
PREFIX = "macos_headless_"
PROFILE = f"{PREFIX}profile"
UNMANAGED = "V(null) leaves it alone."
QUOTE = "'"


def variables() -> Iterator[tuple[Setting, Option]]:
    """Yield every option that a variable of the role stands for."""
    for setting in SETTINGS:
        yield from ((setting, option) for option in setting.options if option.given is None)


def module_documentation() -> list[str]:
    """Return the options of the module."""
    return [line for setting in SETTINGS for option in setting.options for line in _documented(option, 2)]


def _documented(option: Option, indent: int, **changes: Any) -> list[str]:
    """Return an option in the form that modules and roles share."""
    space = " " * (indent + 2)
    lines = [f"{' ' * indent}{changes.get('name', option.name)}:", *_description(space, changes, option)]
    lines.append(f"{space}type: {option.type}")
    if option.elements:
        lines.append(f"{space}elements: {option.elements}")
    if option.choices:
        lines.append(f"{space}choices: [{', '.join([*option.choices, *changes.get('choices', [])])}]")
    lines += [f"{space}{line}" for line in changes.get("more", [])]
    if option.options:
        lines.append(f"{space}{changes.get('nested', 'suboptions')}:")
        lines += [line for inner in option.options for line in _documented(inner, indent + 4)]
    return lines


def _description(space: str, changes: dict[str, Any], option: Option) -> list[str]:
    text = changes.get("description", option.description)
    line = f"{space}description: {text}"
    if len(line) <= WIDTH and ": " not in text:
        return [line]
    return [f"{space}description: >-", *_wrapped(text, f"{space}  ")]


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False, break_on_hyphens=False
    )


def role_specification() -> list[str]:
    """Return the role's variables; what may be null has no default there, because Ansible refuses null then."""
    lines = []
    for setting, option in variables():
        own = option is setting.options[0] or option.default is not None
        more = ["no_log: true"] if option.secret else []
        changes: dict[str, Any] = {"name": f"{PREFIX}{option.name}", "nested": "options", "choices": ["null"]}
        if own:
            changes["description"] = f"{option.description} {_of_the_profile(option.default)}{UNMANAGED}"
        else:
            more.append("default: null")
        lines += _documented(option, 6, more=more, **changes)
    return lines


def _of_the_profile(value: Any) -> str:
    """Say what the default is, which no specification can hold."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "On a server it is as in the role's defaults. "
    if isinstance(value, str) and value.startswith("{{"):
        return f"On a server it is C({_jinja(value)}). "
    return f"On a server it is V({_jinja(value).strip(QUOTE)}). "


def role_defaults() -> list[str]:
    """Return the variables with their values, which are those of one profile."""
    lines = []
    for _, option in variables():
        lines += ["", *_wrapped(_plain(option.description), "# "), *_default(option)]
    return lines[1:]


def _plain(text: str) -> str:
    """Return a description without markup."""
    return re.sub(r"\b[CVO]\(([^)]*)\)", r"\1", text)


def _default(option: Option) -> list[str]:
    name = f"{PREFIX}{option.name}"
    if option.default is None:
        return [f"{name}: null"]
    value = f"{_jinja(option.default)} if {PROFILE} == 'server' else none"
    line = f'{name}: "{{{{ {value} }}}}"'
    if len(line) <= WIDTH:
        return [line]
    first, *others = textwrap.wrap(f"{{{{ {value} }}}}", WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    return [f"{name}: >-", f"  {first}", *(f"      {other}" for other in others)]


def _jinja(value: Any) -> str:
    """Write a value inside an expression."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_jinja(key)}: {_jinja(one)}' for key, one in value.items())}}}"
    if isinstance(value, str) and value.startswith("{{"):
        return value.strip("{} ")
    return repr(value)


def role_arguments() -> list[str]:
    """Return what the role gives the module; where there are choices, null is none of them."""
    lines = []
    for setting in SETTINGS:
        for option in setting.options:
            value = (
                option.given or f"{{{{ {PREFIX}{option.name}{' | default(omit, true)' if option.choices else ''} }}}}"
            )
            lines.append(f'    {option.name}: "{value}"')
    return lines


def role_settings() -> list[str]:
    """Return the value of every setting by its name, for the report."""
    return [f'  {setting.name}: "{{{{ {PREFIX}{setting.name} }}}}"' for setting in SETTINGS]


WRITTEN: dict[str, Callable[[], list[str]]] = {
    "plugins/modules/macos_headless.py": module_documentation,
    "roles/macos_headless/defaults/main.yml": role_defaults,
    "roles/macos_headless/meta/argument_specs.yml": role_specification,
    "roles/macos_headless/tasks/present.yml": role_arguments,
    "roles/macos_headless/vars/main.yml": role_settings,
}


def files(root: Path) -> dict[str, str]:
    """Return each file as it should be: what stands outside of the marks stays."""
    return {name: _written(root, name) for name in WRITTEN}


def _written(root: Path, name: str) -> str:
    text = (root / name).read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{name} has no part for `make generate`: write the lines {BEGIN!r} and {END!r} around one.")
    indent = head[head.rfind("\n") + 1 :]
    return "\n".join([head + begin, *WRITTEN[name](), f"{indent}{end}"]) + tail
