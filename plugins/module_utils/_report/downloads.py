# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a service can download the way it was told: through the proxy and with the certificates it was given."""

from __future__ import annotations

import plistlib
import shlex
import stat
import urllib.parse
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names, _system_trust
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import interception
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def environment_of(name: str, *, is_macos: bool) -> dict[str, str] | None:
    """Read the environment that a service was given, or nothing where it is not installed."""
    if is_macos:
        content = _files.read(_names.launchd_plist(_names.launchd_label(name)))
        return None if content is None else dict(plistlib.loads(content).get("EnvironmentVariables") or {})
    content = _files.read(f"{_names.SYSTEMD_UNITS}/{_names.systemd_unit(name)}")
    if content is None:
        return None
    lines = content.decode("utf-8", "replace").splitlines()
    words = [word for line in lines if line.startswith("Environment=") for word in shlex.split(line.partition("=")[2])]
    return dict(word.replace("%%", "%").partition("=")[::2] for word in words)


def unreadable(path: str) -> bool:
    """Tell whether somebody who is not root finds no file at a path."""
    folders = [str(folder) for folder in PurePosixPath(path).parents]
    try:
        passable = all(_files.real(folder).stat().st_mode & stat.S_IXOTH for folder in folders)
        return not passable or not _files.real(path).stat().st_mode & stat.S_IROTH
    except OSError:
        return True


def _proxy(environment: Mapping[str, str]) -> tuple[str, int] | None:
    told = environment.get("https_proxy") or environment.get("HTTPS_PROXY")
    if not told:
        return None
    parts = urllib.parse.urlsplit(told)
    return parts.hostname or told, parts.port or 80


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Reach a site as the environment of the service says."""
    name, site = arguments.text("name"), arguments.text("site")
    expected = f"{site} is reached"
    advice = f"Apply the role of the service {name} again, which tells it how this host downloads now."
    environment = environment_of(name, is_macos=context.is_macos)
    if environment is None:
        return Measurement(False, "the service is not installed", expected, advice)
    proxy, bundle = _proxy(environment), environment.get("SSL_CERT_FILE")
    roots = bundle or (_system_trust.MAC_ROOTS if context.is_macos else _system_trust.LINUX_BUNDLE)
    way = f"through port {proxy[1]} of {proxy[0]}" if proxy else "directly"
    if bundle and unreadable(bundle):
        return Measurement(False, f"told to trust {bundle}, which it cannot read", expected, advice)
    try:
        found = interception.issuer(proxy, site, roots)
    except (OSError, ValueError) as error:
        return Measurement(False, f"not reached {way}: {interception.reason(error)}", expected, advice)
    return Measurement(True, f"reached {way}, signed by {found}", expected)


KIND = Kind("downloads of the service {name} from {site}", measure, slow=True)
