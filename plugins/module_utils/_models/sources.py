# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where a model comes from: a repository at a commit, an address with its checksum, or a path on the same host.

Each kind tells without asking anybody whether a manifest is of it as it is wanted, and surveys what has to be fetched.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _checksum
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import choice, content, hub, manifest, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest


@dataclass(frozen=True)
class Item:
    """A file to have."""

    path: str
    size: int | None
    """In bytes; None where the source does not say."""
    sha256: str | None = None
    git_sha1: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is ordered."""
        return {"path": self.path, "size": self.size, "sha256": self.sha256, "git_sha1": self.git_sha1}


@dataclass(frozen=True)
class Licenses:
    """Which licences are accepted, for all models and for these."""

    accepted: Collection[str]
    named: Collection[str]

    def check(self, repository: str, found: str, page: str) -> None:
        """Refuse a licence that nobody has named.

        :raises ModelError: nobody has
        """
        accepted = {name.lower() for name in (*self.accepted, *self.named)}
        if found.lower() in accepted or accepted.issuperset(found.lower().split(", ")):
            return
        what = "names no licence" if found == "unknown" else f"is under the licence {found}"
        raise ModelError(
            f"{repository} {what}, which is none of model_store_accepted_licenses: read it at {page} and, where you"
            f" accept it, write license: {found} at the model in cluster_models."
        )


@dataclass(frozen=True)
class HubSource:
    """A repository of a hub at a commit."""

    repository: str
    revision: str
    patterns: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as manifests have it."""
        return {"repository": self.repository, "files": sorted(self.patterns)}

    def is_of(self, found: Manifest, path: Path) -> bool:  # noqa: ARG002 - a commit does not age
        """Tell whether a manifest is of this source, by its commit alone."""
        return found.revision == self.revision and found.source == self.as_dict()

    def survey(self, client: hub.Hub, licenses: Licenses) -> list[Item]:
        """Ask the hub for licence, files, sizes and access.

        :raises ModelError: something of it keeps the model from being fetched
        """
        what = f"{self.repository} at {self.revision[:12]}"
        known = client.information(self.repository, self.revision)
        licenses.check(self.repository, known.license, f"{client.endpoint}/{self.repository}")
        listed = client.files(self.repository, self.revision)
        chosen = choice.choose(
            listed, self.patterns, what, lambda path: client.content(self.repository, self.revision, path)
        )
        client.check_access(self.repository, self.revision, chosen[-1].path)
        return [Item(file.path, file.size, file.sha256, file.git_sha1) for file in chosen]


@dataclass(frozen=True)
class UrlSource:
    """One file at an address, pinned by its checksum."""

    url: str
    checksum: str

    @property
    def name(self) -> str:
        """What the file is called."""
        return urllib.parse.unquote(PurePosixPath(urllib.parse.urlsplit(self.url).path).name)

    def as_dict(self) -> dict[str, Any]:
        """Return it as manifests have it."""
        return {"url": self.url, "checksum": self.checksum}

    def is_of(self, found: Manifest, path: Path) -> bool:  # noqa: ARG002 - a checksum does not age
        """Tell whether a manifest is of this source, by its checksum alone."""
        return [file.sha256 for file in found.files] == [_checksum.digits(self.checksum)]

    def survey(self, client: hub.Hub, licenses: Licenses) -> list[Item]:  # noqa: ARG002 - nobody says a licence here
        """Ask how long the file is.

        :raises ModelError: it is not there
        """
        if urllib.parse.urlsplit(self.url).scheme not in {"http", "https"}:
            raise ModelError(
                f"{self.url} is not a valid address; write https://host/path, or source.path for a file of the host."
            )
        choice.judge([self.name], self.url)
        try:
            request = urllib.request.Request(self.url, method="HEAD")  # noqa: S310 - looked at above
            with hub.open_directly(request) as response:
                length = response.headers.get("Content-Length")
        except urllib.error.HTTPError as error:
            # What refuses HEAD may still answer GET.
            if error.code not in (301, 302, 303, 307, 308, 403, 405, 501):
                raise ModelError(f"{self.url} answers {error.code}: correct source.url.") from None
            length = None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ModelError(f"{self.url} does not answer ({hub.reason(error)}): give this host a way to it.") from None
        return [Item(self.name, int(length) if length else None, _checksum.digits(self.checksum))]


@dataclass(frozen=True)
class PathSource:
    """A file or a folder on the host itself, such as a disk that somebody brought."""

    path: str
    patterns: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as manifests have it."""
        return {"path": self.path, "files": sorted(self.patterns)}

    def is_of(self, found: Manifest, path: Path) -> bool:
        """Tell whether a manifest is of this source: by names, sizes and times, for nobody reads it all every time.

        A source that is gone after it was copied is none that has changed.
        """
        if found.source != self.as_dict():
            return False
        files = self.files()
        if not files:
            return True
        if {name: file.stat().st_size for name, file in files.items()} != {
            file.path: file.size for file in found.files
        }:
            return False
        return max(file.stat().st_mtime for file in files.values()) <= path.stat().st_mtime

    def files(self) -> dict[str, Path]:
        """Return its files by their names in the model; what is hidden is left out, side files of macOS too."""
        top = Path(self.path)
        if top.is_file():
            return {top.name: top}
        found = {name: top / name for name in manifest.walk(top) if not choice.is_hidden(name)}
        found = {name: file for name, file in found.items() if not file.is_dir()}
        return {
            name: file
            for name, file in found.items()
            if not self.patterns or any(choice.matches(name, pattern) for pattern in self.patterns)
        }

    def survey(self, client: hub.Hub, licenses: Licenses) -> list[Item]:  # noqa: ARG002 - nobody is asked
        """Look at every header and index, before anything is copied.

        :raises ModelError: it is not there, or is not what it seems; all of its sentences
        """
        files = self.files()
        if not files:
            wanted = f" that fits {', '.join(self.patterns)}" if self.patterns else ""
            raise ModelError(f"{self.path} holds no file{wanted}: attach its disk, or correct source.path.")
        choice.judge(files, self.path)
        links = [name for name, file in files.items() if file.is_symlink() and not file.exists()]
        if links:
            raise ModelError(
                f"{self.path} holds {text.names(links)}, which leads nowhere: copy the folder with its links followed."
            )
        top = Path(self.path).parent if Path(self.path).is_file() else Path(self.path)
        wrong = content.problems(top, files)
        if wrong:
            raise ModelError(f"{self.path} is not a complete model: {' '.join(wrong)}")
        return [Item(name, file.stat().st_size) for name, file in sorted(files.items())]


def make(source: dict[str, Any], patterns: Sequence[str] = ()) -> HubSource | UrlSource | PathSource:
    """Return a source as an inventory describes it.

    :raises ModelError: it is none of the three forms
    """
    if source.get("repository"):
        return HubSource(str(source["repository"]), str(source.get("revision") or ""), tuple(patterns))
    if source.get("url"):
        wrong = _checksum.fault(str(source.get("checksum") or ""))
        if wrong:
            raise ModelError(f"The checksum of {source['url']} {wrong}.")
        return UrlSource(str(source["url"]), str(source["checksum"]))
    if source.get("path"):
        return PathSource(str(source["path"]).rstrip("/") or "/", tuple(patterns))
    raise ModelError("A model has no source: write repository and revision, url and checksum, or path.")
