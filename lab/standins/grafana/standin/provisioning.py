# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Data sources and dashboards from files, refused where Grafana refuses them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml


class ProvisioningError(Exception):
    """A file that Grafana would not start with."""


class Provisioned:
    """What the files say at start."""

    def __init__(self, directory: Path) -> None:
        self.datasources = _datasources(directory / "datasources")
        self.dashboards = _dashboards(directory / "dashboards")


def _documents(directory: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted([*directory.glob("*.yaml"), *directory.glob("*.yml")]):
        try:
            found.append(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except yaml.YAMLError as error:
            raise ProvisioningError(f"{path}: {' '.join(str(error).split())}") from error
    return found


def _datasources(directory: Path) -> list[dict[str, Any]]:
    sources = [source for document in _documents(directory) for source in document.get("datasources") or []]
    for number, source in enumerate(sources, 1):
        for field in ("name", "type"):
            if not source.get(field):
                raise ProvisioningError(f"Datasource provisioning error: {field} is required")
        source.setdefault("id", number)
        source.setdefault("uid", f"generated-{number}")
        source.setdefault("access", "proxy")
        source["readOnly"] = not source.pop("editable", False)
        source["isDefault"] = bool(source.get("isDefault"))
    if sum(source["isDefault"] for source in sources) > 1:
        raise ProvisioningError("Datasource provisioning error: only one datasource can be marked as default")
    return sources


def _dashboards(directory: Path) -> dict[str, dict[str, Any]]:
    """Return every dashboard by its UID; one that cannot be read is logged and left out, as Grafana does."""
    dashboards: dict[str, dict[str, Any]] = {}
    for document in _documents(directory):
        for provider in document.get("providers") or []:
            for path in sorted(Path(provider["options"]["path"]).rglob("*.json")):
                try:
                    dashboard = json.loads(path.read_text(encoding="utf-8"))
                    dashboards[dashboard["uid"]] = {"dashboard": dashboard, "folder": provider.get("folder", "")}
                except (ValueError, KeyError) as error:
                    print(f'level=error msg="failed to load dashboard" file={path} err={error!r}', flush=True)
    return dashboards


def slug(title: str) -> str:
    """Return the part of an address that is made from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
