# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster init`: an inventory from what the machines say of themselves, and from a few answers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, output, project
from hybrid_cluster.command.apply import lock
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.init import asking, cables, existing, files, gather, naming, page, questions, texts, wanting
from hybrid_cluster.command.init.questions import NONE, Question, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.status import Status

    from hybrid_cluster.command.init.cables import Merged
    from hybrid_cluster.command.init.existing import Existing
    from hybrid_cluster.command.init.gather import Known


@dataclass(frozen=True)
class Wish:
    """What somebody wants."""

    folder: str | None = None
    """None: the project's own inventory."""
    addresses: tuple[str, ...] = ()
    """As ADDRESS or NAME=ADDRESS."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Answers to questions, by the names of the options."""
    password_file: str | None = None
    seconds: float = 3.0
    """How long to listen for machines; 0: not at all."""
    yes: bool = False
    is_check: bool = False


def init(wish: Wish, *, as_json: bool) -> int:
    """Find out, ask, show, write and validate; return what the command ends with."""
    asked = Questions(wish.given, ask=not wish.yes)
    if not wish.yes:
        questions.require_terminal(is_silent=as_json)
    folder = Path(wish.folder).expanduser() if wish.folder else project.find().own_inventory
    before = existing.read(folder)
    if before.cluster and (wrong := files.mistakes(folder)):
        text = f"{folder} has mistakes already, and nothing is changed until they are corrected: {wrong[0]}"
        raise ClusterError(text, exits.INVENTORY)
    with tempfile.TemporaryDirectory(prefix="cluster-") as place:
        where = gather.places(before, wish.addresses, wish.seconds, asked)
        login = gather.login(before, wish.password_file, asked, Path(place))
        old = list(before.addresses)
        with _busy("Asks the machines"):
            answers = asking.ask(old, [str(folder.absolute())] if old else [], where, login, Path(place))
        known = gather.name_all(before, where, answers, asked)
        if not old and not known.new:
            raise ClusterError(_nobody(known), exits.HOSTS_FAILED if known.silent else exits.NO_HOSTS)
        merged = _cables(before, known, asked)
        wanted = wanting.want(before, known, merged, login.user, asked)
        after = texts.texts(before, wanted)
        document = _document(before, known, wanted, after)
        if not as_json:
            _show(document)
        if after and not wish.is_check and asked.confirm(f"Write {'it' if len(after) == 1 else 'them'}?"):
            _write(before, after)
            files.pin(login.known_hosts, folder / gather.KNOWN_HOSTS)
            document["written"] = True
    if as_json:
        output.show_json(document)
    elif document["written"]:
        output.console().print(page.render_next(str(folder), is_new=bool(known.new)))
    elif not after:
        output.console().print(output.words(f"{folder} says it all already; nothing is written."))
    return int(document["exit_code"])


def _busy(what: str) -> Status:
    """Show on a terminal that something goes on; on standard error, so that it is in no document."""
    from rich.console import Console

    return Console(stderr=True).status(f"{what} ...")


def _nobody(known: Known) -> str:
    if known.silent:
        name, why = next(iter(known.silent.items()))
        return f"no machine says what it is. {name}: {why}"
    return (
        "no machine announces Remote Login here; switch it on in System Settings under General, Sharing, or name"
        " machines with --address."
    )


def _cables(before: Existing, known: Known, asked: Questions) -> Merged:
    """Bring together written and seen cables, and ask about those that leave the inventory."""
    ports = {name: machine.ports for name, machine in known.machines.items() if machine.is_mac}
    seen = cables.join(ports)
    known.notes += seen.doubts
    known.notes += [
        f"{name} says nothing of its Thunderbolt ports that is understood." for name in cables.unread(ports)
    ]
    merged = cables.merge(before.links, seen, ports)
    for one in cables.outside_of(seen, merged.links):
        what = one.model or "a computer"
        answer = asked.put(
            Question(
                "external",
                f"Name of the machine at {one.end} ({what})",
                "It is none of these machines. A cable to one that stays outside of the cluster counts where loops are"
                f" looked for, and needs a name for it; {NONE} leaves the cable out.",
                NONE,
                lambda name: None if name == NONE else naming.name_fault(name, known.machines),
            )
        )
        if answer == NONE:
            known.notes.append(
                f"{one.end} leads to {what} that is none of these machines. Find it with --address, or write"
                f" {{{one.end.host}: {one.end.receptacle}, external: NAME}} in thunderbolt_links."
            )
        else:
            merged.added.append({one.end.host: one.end.receptacle, cables.EXTERNAL: answer})
            merged.links.append(merged.added[-1])
    return merged


def _document(before: Existing, known: Known, wanted: texts.Wanted, after: dict[Path, str]) -> dict[str, Any]:
    """Return what `--json` prints."""
    addresses = before.addresses | {name: host.address for name, host in known.new.items()}
    merged = wanted.cables
    return {
        "inventory": str(before.folder),
        "hosts": [
            {
                "name": name,
                "address": address,
                "machine": known.machines[name].shown if name in known.machines else None,
                "new": name in known.new,
            }
            for name, address in addresses.items()
        ],
        "silent": known.silent,
        "links": merged.links,
        "added": merged.added,
        "removed": [link for link, stays in zip(before.links, merged.kept, strict=True) if not stays],
        "unsure": merged.unsure,
        "groups": {group: members for group, members in wanted.groups.items() if members},
        "models": [str(one["name"]) for one in wanted.values.get("cluster_models", ())],
        "notes": known.notes,
        "files": [str(path) for path in after],
        "difference": files.difference(texts.origins(before, after), after),
        "written": False,
        "exit_code": exits.OK if known.is_complete else exits.HOSTS_FAILED,
    }


def _show(document: dict[str, Any]) -> None:
    console = output.console()
    console.print(page.render(document))
    if document["difference"]:
        console.print(page.render_difference(f"\n{document['difference']}"), soft_wrap=True)


def _write(before: Existing, after: dict[Path, str]) -> None:
    """Write the files and have them validated; what the validation refuses is taken back."""
    with lock.held(lock.folder((str(before.folder.absolute()),))):
        files.write(before.texts, after)
        try:
            wrong = files.mistakes(before.folder)
        except BaseException:
            files.take_back(before.texts, after)
            raise
        if wrong:
            files.take_back(before.texts, after)
    if wrong:
        text = f"playbooks/validate.yml refuses what was to be written, so it is as it was before: {' '.join(wrong)}"
        raise ClusterError(text, exits.INVENTORY)
