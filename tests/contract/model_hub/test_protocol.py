# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every client of a hub relies on, asked as bytes on a connection."""

from __future__ import annotations

import hashlib
import http.client
import json
from dataclasses import dataclass

import pytest

from lab.standins.model_hub import repositories
from tests.contract.model_hub.conftest import REPOSITORY, needs_stand_in

VOLATILE = {"date", "x-request-id", "x-amz-cf-id", "age", "via"}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


@pytest.fixture
def ask(hub):
    """Ask over one connection, which the hub has to keep open."""
    connection = http.client.HTTPConnection(*hub.address, timeout=30)
    sockets = set()

    def request(path, method="GET", **headers):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        sockets.add(connection.sock)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())

    request.sockets = sockets
    yield request
    connection.close()


@pytest.fixture
def tree(ask, commit):
    return ask(f"/api/models/{REPOSITORY}/tree/{commit}?recursive=true&expand=false").json()


def files(tree):
    return [entry for entry in tree if entry["type"] == "file"]


def test_information(ask, commit):
    for path in ("", "/revision/main", f"/revision/{commit}"):
        said = ask(f"/api/models/{REPOSITORY}{path}").json()
        assert (said["id"], said["sha"]) == (REPOSITORY, commit)
        assert "gated" in said
    assert said["siblings"]


def test_branches(ask, commit):
    branches = ask(f"/api/models/{REPOSITORY}/refs").json()["branches"]
    assert {"name": "main", "ref": "refs/heads/main", "targetCommit": commit} in branches


def test_a_revision_with_a_slash(ask, commit):
    assert ask(f"/api/models/{REPOSITORY}/revision/refs%2Fheads%2Fmain").json()["sha"] == commit


def test_a_listing_has_sizes_and_names_of_contents(tree):
    for entry in files(tree):
        assert len(entry["oid"]) == 40
        assert entry["size"] >= 0
    large = [entry for entry in files(tree) if entry["path"].endswith(".safetensors")]
    assert large
    for entry in large:
        assert len(entry["lfs"]["oid"]) == 64
        assert entry["lfs"]["size"] == entry["size"]
        assert entry["lfs"]["pointerSize"] < 200
    assert not any("xetHash" in entry for entry in tree)


def test_a_listing_of_one_folder_is_the_top_of_the_whole(ask, commit, tree):
    top = ask(f"/api/models/{REPOSITORY}/tree/{commit}").json()
    assert [entry["path"] for entry in top] == [entry["path"] for entry in tree if "/" not in entry["path"]]


def test_a_file_is_what_its_names_say(ask, commit, tree):
    for entry in files(tree):
        answer = ask(f"/{REPOSITORY}/resolve/{commit}/{entry['path']}", Accept_Encoding="gzip, deflate")
        assert answer.status == 200
        assert "content-encoding" not in answer.headers
        assert len(answer.body) == entry["size"] == int(answer.headers["content-length"])
        assert answer.headers["x-repo-commit"] == commit
        etag = answer.headers["etag"].strip('"')
        if "lfs" in entry:
            assert etag == entry["lfs"]["oid"] == hashlib.sha256(answer.body).hexdigest()
            assert answer.headers["x-linked-size"] == str(entry["size"])
        else:
            blob = f"blob {entry['size']}\0".encode() + answer.body
            assert etag == entry["oid"] == hashlib.sha1(blob).hexdigest()
    assert len(ask.sockets) == 1, "the hub closes connections"


def test_head_is_get_without_a_body(ask, commit, tree):
    for entry in files(tree):
        path = f"/{REPOSITORY}/resolve/{commit}/{entry['path']}"
        head, get = ask(path, "HEAD"), ask(path)
        assert head.body == b""
        assert {key: value for key, value in head.headers.items() if key not in VOLATILE} == {
            key: value for key, value in get.headers.items() if key not in VOLATILE
        }


def test_ranges(ask, commit, tree):
    entry = max(files(tree), key=lambda entry: entry["size"])
    path, size = f"/{REPOSITORY}/resolve/{commit}/{entry['path']}", entry["size"]
    whole = ask(path).body
    for span, expected in ((f"bytes={size - 5}-", whole[-5:]), ("bytes=3-9", whole[3:10]), ("bytes=0-", whole)):
        answer = ask(path, Range=span)
        assert (answer.status, answer.body) == (206, expected)
        assert answer.headers["content-range"].endswith(f"/{size}")
        assert answer.headers["accept-ranges"] == "bytes"
    assert ask(path, Range=f"bytes=5-{size + 100}").body == whole[5:]
    answer = ask(path, Range=f"bytes={size}-")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    ("path", "statuses", "code"),
    [
        pytest.param(f"/{REPOSITORY}/resolve/main/nothing.json", {404}, "EntryNotFound", id="file"),
        pytest.param(f"/api/models/{REPOSITORY}/revision/{'0' * 40}", {404}, "RevisionNotFound", id="commit"),
        pytest.param(f"/{REPOSITORY}/resolve/{'0' * 40}/config.json", {404}, "RevisionNotFound", id="file of a commit"),
        pytest.param("/api/models/lab/nobody/revision/main", {401, 404}, "RepoNotFound", id="repository"),
    ],
)
def test_what_is_not_there_has_a_code(ask, path, statuses, code):
    answer = ask(path)
    assert answer.status in statuses
    assert answer.headers["x-error-code"] == code
    assert answer.headers["x-error-message"]


def test_a_file_that_is_not_there_names_the_commit(ask, commit):
    assert ask(f"/{REPOSITORY}/resolve/main/nothing.json").headers["x-repo-commit"] == commit


@pytest.mark.parametrize("path", ["/api/agent-harnesses", "/api/whoami-v2"])
@needs_stand_in
def test_other_questions_are_not_answered(ask, path):
    assert ask(path).status == 404


@needs_stand_in
@pytest.mark.parametrize(
    ("token", "status"),
    [(None, 401), (repositories.STRANGER, 403), (repositories.GRANTED, 200)],
    ids=["no token", "a stranger's token", "a token with access"],
)
def test_a_gated_repository_tells_everything_but_its_files(ask, hub, token, status):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    assert ask("/api/models/lab/gated/revision/main", **headers).status == 200
    assert ask("/api/models/lab/gated/tree/main", **headers).status == 200
    answer = ask("/lab/gated/resolve/main/config.json", **headers)
    assert answer.status == status
    assert answer.headers.get("x-error-code") == (None if status == 200 else "GatedRepo")


@needs_stand_in
def test_a_limit_says_how_long_to_wait(ask):
    answer = ask("/api/models/faults/limited/revision/main")
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
