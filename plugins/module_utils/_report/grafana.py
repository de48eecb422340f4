# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Grafana: its dashboards are there, and its data source answers."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import _log
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)

REQUEST_SECONDS = 30.0


def ask(url: str, path: str, user: str, password: str) -> tuple[int, Any]:
    """Return the status and the document of an address, asked with a password and past every proxy."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": _http.basic(user, password)})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ReportError(f"{url}{path} does not answer: {error}") from error
    finally:
        connection.close()


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Log in as the administrator, count the dashboards and let Grafana ask its data source."""
    url, user, wanted = arguments.text("url"), arguments.text("user"), arguments.integer("dashboards", 1)
    file, source = arguments.text("password_file"), arguments.text("datasource")
    expected = f"{wanted} dashboards and a data source that answers"
    content = _files.read(file)
    if content is None:
        return Measurement(False, f"no file {file}", expected, "Repeat site.yml.")
    password = content.decode().strip()
    status, found = ask(url, "/api/search?type=dash-db", user, password)
    if status == 401:
        return Measurement(False, "the administrator's password is refused", expected, "Repeat site.yml.")
    working, answer = ask(url, f"/api/datasources/uid/{source}/health", user, password)
    said = "answers" if working == 200 else f"fails: {(answer or {}).get('message', working)}"
    count = len(found) if status == 200 else 0
    return Measurement(
        count >= wanted and working == 200,
        f"{count} dashboards, the data source {said}",
        expected,
        _log.where("grafana", is_macos=context.is_macos),
    )


KIND = Kind("dashboards of Grafana", measure, slow=True)
