# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real huggingface_hub with the hub: what it asks, what it writes, and how it names what goes wrong."""

from __future__ import annotations

import pytest

from lab.standins.model_hub import repositories
from tests.contract.model_hub.conftest import REPOSITORY, needs_stand_in

# Asked once a day, of whichever endpoint.
HARNESSES = "/api/agent-harnesses"
SNAPSHOT = "result = huggingface_hub.snapshot_download({!r}, local_dir={!r}, revision={!r})"


def listed(directory):
    found = (path.relative_to(directory) for path in directory.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != ".cache"}


def test_a_snapshot_has_every_file(client, tmp_path, commit):
    target = tmp_path / "model"
    names = client.run(f"result = huggingface_hub.HfApi().list_repo_files({REPOSITORY!r})")
    assert client.run(SNAPSHOT.format(REPOSITORY, str(target), commit)) == str(target)
    assert listed(target) == set(names)


@needs_stand_in
def test_how_often_it_asks(client, hub, tmp_path, commit):
    """Two requests for the repository and two for each file; then one; none where a commit is named."""
    target = str(tmp_path / "model")
    client.run(SNAPSHOT.format(REPOSITORY, target, "main"))
    asked = [one for one in hub.asked() if one[1] != HARNESSES]
    assert [path.split("/")[4:6] for _, path in asked[:2]] == [["tiny-llama", "revision"], ["tiny-llama", "tree"]]
    count = len(listed(tmp_path / "model"))
    assert len(asked) == 2 + 2 * count
    assert sum(method == "HEAD" for method, _ in asked) == count
    client.run(SNAPSHOT.format(REPOSITORY, target, "main"))
    assert len(hub.asked()) == 1
    client.run(SNAPSHOT.format(REPOSITORY, target, commit))
    assert hub.asked() == []


@needs_stand_in
@pytest.mark.parametrize(
    ("repository", "revision", "error"),
    [
        ("lab/gated", "main", "GatedRepoError"),
        ("lab/nobody", "main", "RepositoryNotFoundError"),
        ("lab/tiny-llama", "0" * 40, "RevisionNotFoundError"),
        ("faults/limited", "main", "LocalEntryNotFoundError"),
        ("faults/busy", "main", "HfHubHTTPError"),
        ("faults/half", "main", "OSError"),
    ],
)
def test_how_it_names_what_goes_wrong(client, tmp_path, repository, revision, error):
    assert client.run(SNAPSHOT.format(repository, str(tmp_path / "model"), revision)) == error


@needs_stand_in
def test_a_token_without_access_is_named_so(client, tmp_path):
    code = SNAPSHOT.format("lab/gated", str(tmp_path / "model"), "main")
    assert client.run(code, HF_TOKEN=repositories.STRANGER) == "GatedRepoError"


@needs_stand_in
def test_a_token_opens_a_gated_repository(client, tmp_path):
    code = SNAPSHOT.format("lab/gated", str(tmp_path / "model"), "main")
    assert client.run(code, HF_TOKEN=repositories.GRANTED) == str(tmp_path / "model")


@needs_stand_in
def test_it_takes_wrong_bytes_of_the_right_size(client, hub, tmp_path):
    """Why the store compares every checksum itself."""
    target = tmp_path / "model"
    assert client.run(SNAPSHOT.format("faults/wrong-hash", str(target), "main")) == str(target)
    repository = hub.state.catalogue["faults/wrong-hash"]
    name = "model-00001-of-00002.safetensors"
    assert (target / name).read_bytes() != repository.commits[repository.head][name].content


@needs_stand_in
def test_a_pointer_is_a_wrong_size(client, tmp_path):
    assert client.run(SNAPSHOT.format("faults/pointer", str(tmp_path / "model"), "main")) == "OSError"


@needs_stand_in
def test_a_redirect_to_another_site_gets_no_token(client, hub, tmp_path):
    code = SNAPSHOT.format("faults/elsewhere", str(tmp_path / "model"), "main")
    assert client.run(code, HF_TOKEN=repositories.GRANTED) == str(tmp_path / "model")
    elsewhere = [one for one in hub.state.requests if one.path.startswith("/cdn/")]
    assert elsewhere
    assert {one.token for one in elsewhere} == {None}
    assert {one.token for one in hub.state.requests if one not in elsewhere and one.path != HARNESSES} == {
        repositories.GRANTED
    }
