# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`make site`: the pages of docs/ and the reference of every module, plugin and role, as HTML in build/site.

Nothing is asked of the internet, and whatever Sphinx warns of is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import yaml

from generate.role_reference import WRITTEN

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build/site"
WORK = ROOT / "build/site-work"
NAME = "hybrid_ai.cluster"
COLLECTION = "collection"
"""Where antsibull-docs writes the reference."""
ROLES = "docs/roles.md"
"""The same variables on one page, for readers of the checkout."""
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_CONTENTS = """
```{{toctree}}
:hidden:
:caption: {caption}

{pages}
```
"""


class SiteError(Exception):
    """A link that leads nowhere."""


def pages() -> dict[str, str]:
    """Return what becomes a page: where it is in the site, by its path in the checkout."""
    found = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "SECURITY.md": "SECURITY.md"}
    found |= {name: name for name in _names("docs/**/*.md") if name != ROLES}
    return found | {name: name for name in _names("roles/*/README.md") if "\n" in _own(name)}


def _names(pattern: str) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob(pattern))]


def _own(name: str) -> str:
    """Return the text of a page without what `make generate` wrote below it: the reference says that too."""
    return (ROOT / name).read_text(encoding="utf-8").partition(WRITTEN)[0].strip()


def page(name: str, known: dict[str, str]) -> str:
    """Return the text of one page."""
    text = _LINK.sub(lambda link: f"]({_target(link[1], name, known)}{link[2] or ''})", _own(name))
    role = PurePosixPath(name).parent.name
    if name.startswith("roles/") and _has_reference(role):
        text += f"\n\nEvery variable is in [the reference of this role](../../{COLLECTION}/{role}_role.rst)."
    if name == "README.md":
        guides = [place for place in known.values() if place.startswith("docs/")]
        roles = [place for place in known.values() if place.startswith("roles/")]
        changes = ["CHANGELOG.rst"] if (ROOT / "CHANGELOG.rst").exists() else []
        text += "\n"
        text += _CONTENTS.format(caption="Guides", pages="\n".join(guides))
        text += _CONTENTS.format(caption="Roles in depth", pages="\n".join(roles))
        text += _CONTENTS.format(caption="Reference", pages=f"{COLLECTION}/index")
        text += _CONTENTS.format(caption="Project", pages="\n".join([*changes, "CONTRIBUTING.md", "SECURITY.md"]))
    return text + "\n"


def _has_reference(role: str) -> bool:
    """Return whether a role has variables, and so a page in the reference."""
    return (ROOT / "roles" / role / "meta/argument_specs.yml").exists()


def _target(link: str, name: str, known: dict[str, str]) -> str:
    """Return where a link leads in the site; what is not a page of it leads to the repository."""
    path = os.path.normpath(PurePosixPath(name).parent / link)
    if not (ROOT / path).exists():
        raise SiteError(f"{name} leads to {link}, which does not exist.")
    if path in known:
        place = known[path]
    elif path == ROLES:
        place = f"{COLLECTION}/index.rst"
    elif (readme := re.fullmatch(r"roles/(\w+)/README\.md", path)) and _has_reference(readme[1]):
        place = f"{COLLECTION}/{readme[1]}_role.rst"
    else:
        repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
        return f"{repository}/blob/HEAD/{path}"
    return os.path.relpath(place, PurePosixPath(known[name]).parent)


def lay_out(source: Path) -> None:
    """Write the pages, each where the others expect it."""
    known = pages()
    for name, place in known.items():
        (source / place).parent.mkdir(parents=True, exist_ok=True)
        (source / place).write_text(page(name, known), encoding="utf-8")
    if (ROOT / "CHANGELOG.rst").exists():
        shutil.copyfile(ROOT / "CHANGELOG.rst", source / "CHANGELOG.rst")


def run(*argv: str) -> None:
    """Run a program of this environment in the checkout."""
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run([str(programs / argv[0]), *argv[1:]], cwd=ROOT, env=environment, check=True)


def build() -> None:
    """Build the site anew."""
    for place in (SITE, WORK):
        shutil.rmtree(place, ignore_errors=True)
    source = WORK / "source"
    reference = source / COLLECTION
    # antsibull-docs writes nowhere where somebody else may write.
    reference.mkdir(parents=True, mode=0o755)
    lay_out(source)
    options = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--no-add-antsibull-docs-version")
    run("antsibull-docs", "collection", *options, "--dest-dir", str(reference), NAME)
    strict = ("--quiet", "--fail-on-warning", "--keep-going")
    run("sphinx-build", *strict, "-c", "docs/site", "-d", str(WORK / "doctrees"), str(source), str(SITE))


def main() -> int:
    """Build the site, or say why not."""
    try:
        build()
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    print(f"The site is {SITE.relative_to(ROOT)}/index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
