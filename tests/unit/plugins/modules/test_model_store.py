# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""model_store: what a directory of models lacks, written down as work, and what the program made of it."""

from __future__ import annotations

import json
import os
import pwd
from types import SimpleNamespace

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job, manifest, mount, sources

from tests.unit.plugins.model_files import gguf, sha256, write

REVISION = "1" * 40


@pytest.fixture
def place(tmp_path, monkeypatch, run_module):
    """Run the module on a directory of models; nobody is asked, and what is missing is one file of four bytes."""
    monkeypatch.setattr(_files, "ROOT", "/")
    user = SimpleNamespace(pw_uid=os.getuid(), pw_gid=os.getgid())
    monkeypatch.setattr(pwd, "getpwnam", lambda name: user if name == "_models" else missing(name))
    # The disk of a test may be one of its own.
    monkeypatch.setattr(mount, "find", lambda directory: None)
    asked = []

    def survey(self, client, licenses):
        asked.append((self.repository, client.endpoint, tuple(licenses.accepted)))
        return [sources.Item("model.gguf", 4, sha256(b"gguf"))]

    monkeypatch.setattr(sources.HubSource, "survey", survey)

    def run(*models, action="plan", check=False, **options):
        paths = {"directory": "models", "work": "etc/work.json", "state": "state.json", "state_directory": "var"}
        arguments = {name: str(tmp_path / path) for name, path in paths.items()}
        arguments.update(action=action, models=list(models), owner="_models", accepted_licenses=["mit"], **options)
        return run_module("model_store", arguments, check=check, diff=True, system="Linux")

    run.asked, run.path = asked, tmp_path
    return run


def missing(name):
    raise KeyError(name)


def model(folder="org--m", **changes):
    source = {"repository": "org/m", "revision": REVISION, "files": ["*.gguf"]}
    return {"name": folder, "folder": folder, "format": "gguf", "source": source, "state": "present", **changes}


def work(place):
    path = place.path / "etc/work.json"
    return json.loads(path.read_text()) if path.exists() else None


def fetched(place, folder="org--m", content=b"gguf"):
    write(place.path / "models" / folder, {"model.gguf": content})
    files = (manifest.File("model.gguf", len(content), sha256(content)),)
    source = {"repository": "org/m", "files": ["*.gguf"]}
    manifest.write(place.path / "models", manifest.Manifest(folder, source, REVISION, files))


def said(place, name, state, *sentences):
    job.State(job=name, state=state, sentences=list(sentences)).write(place.path / "state.json")


def test_what_is_missing_is_written_down(place):
    result = place(model())
    assert result["changed"]
    assert result["lines"] == ["fetch org--m: 1 file, 4 bytes"]
    assert result["bytes"] == 4
    assert result["diff"] == {"before": "", "after": f"org--m: 1 file, 4 bytes, at {REVISION[:12]}\n"}
    (order,) = work(place)["fetch"]
    assert order["files"] == [{"path": "model.gguf", "size": 4, "sha256": sha256(b"gguf"), "git_sha1": None}]
    assert work(place)["job"] == result["job"]
    assert (place.path / "models").stat().st_mode & 0o777 == 0o755
    assert place.asked == [("org/m", "https://huggingface.co", ("mit",))]


def test_check_mode_says_the_same_and_writes_nothing(place):
    result = place(model(), check=True)
    assert result["changed"]
    assert result["lines"] == ["fetch org--m: 1 file, 4 bytes"]
    assert [path.name for path in place.path.iterdir()] == []


def test_what_is_there_is_asked_of_nobody(place):
    place(model())
    fetched(place)
    name = work(place)["job"]
    result = place(model())
    assert not result["changed"]
    assert result["job"] == name
    assert result["diff"]["before"] == result["diff"]["after"] == f"org--m: 1 file, 4 bytes, at {REVISION[:12]}\n"
    assert len(place.asked) == 1


def test_a_file_that_lost_its_size_is_fetched_again(place):
    place(model())
    fetched(place)
    write(place.path / "models/org--m", {"model.gguf": b"gg"})
    assert place(model())["lines"] == ["fetch org--m: 1 file, 4 bytes"]
    assert work(place)["fetch"]


def test_stray_files_and_folders_that_go(place):
    place(model(), model("org--n"))
    fetched(place)
    fetched(place, "org--n")
    write(place.path / "models/org--m", {"._model.gguf": b"x"})
    result = place(model(), model("org--n", state="absent"))
    assert result["lines"] == ["move ._model.gguf out of org--m", "remove org--n"]
    assert (work(place)["aside"], work(place)["remove"]) == ({"org--m": ["._model.gguf"]}, ["org--n"])


def test_the_next_attempt_is_another_job(place):
    first = place(model())["job"]
    second = place(model())["job"]
    assert first.endswith(".1")
    assert second == f"{first[:-2]}.2"


def test_a_job_that_runs_is_left_alone(place):
    first = place(model(), model("org--n"))["job"]
    with job.lock(place.path / "models"):
        fetched(place)
        result = place(model(), model("org--n"))
    assert not result["changed"]
    assert result["job"] == first


def test_a_job_that_runs_makes_way_for_other_work(place):
    first = place(model())["job"]
    with job.lock(place.path / "models"):
        assert place(model("org--n"))["job"] != first


def test_a_user_that_is_not_there_yet(place, monkeypatch):
    monkeypatch.setattr(pwd, "getpwnam", missing)
    assert place(model(), check=True)["changed"]
    assert place(model())["msg"] == "There is no user _models on this host; create it first."


def test_a_folder_of_somebody_else(place, monkeypatch):
    place(model())
    fetched(place)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=12345, pw_gid=12345))
    top = place.path / "models/org--m"
    assert place(model())["msg"] == (
        f"{top} does not belong to _models, to whom models belong, so it cannot be replaced: run"
        f" `sudo chown -R _models {top}`, or remove it."
    )


def test_a_disk_that_keeps_no_owners(place, monkeypatch):
    """On exFAT everything belongs to one user, whoever it was given to."""
    monkeypatch.setattr(mount, "find", lambda directory: mount.Disk(str(place.path), "/dev/sdb1"))
    place(model())
    fetched(place)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=12345, pw_gid=12345))
    assert not place(model())["changed"]


def test_a_disk_that_is_away(place):
    (place.path / "var").mkdir()
    directory = str(place.path / "models")
    memory = {"directory": directory, "point": "/mnt/models", "device": "/dev/sdb1", "marker": "x"}
    (place.path / "var" / mount.MEMORY).write_text(json.dumps(memory))
    sentence = f"{directory} lies on the disk /dev/sdb1, which is not mounted at /mnt/models now"
    for action in ("plan", "check"):
        assert place(model(), action=action)["msg"].startswith(sentence)
    assert not (place.path / "models").exists()
    assert place.asked == []


def test_a_new_disk_is_remembered(place, monkeypatch):
    monkeypatch.setattr(mount, "find", lambda directory: mount.Disk(str(place.path), "/dev/sdb1"))
    assert place(model())["changed"]
    memory = json.loads((place.path / "var" / mount.MEMORY).read_text())
    assert memory["device"] == "/dev/sdb1"
    assert (place.path / "models" / mount.MARKER).read_text().strip() == memory["marker"]
    fetched(place)
    assert not place(model())["changed"]


def test_a_full_disk_is_refused(place):
    result = place(model(), reserve_gigabytes=1e9)
    assert "and needs 1000000000 GB: 4 bytes for models and 1000000000 GB that" in result["msg"]
    assert work(place) is None


def test_a_state_is_what_the_program_says(place):
    name = place(model())["job"]
    said(place, name, job.RUNNING)
    result = place(action="state")
    assert (result["job"], result["progress"]["state"], result["holder"]) == (name, "running", None)
    (place.path / "state.json").write_text("{")
    assert place(action="state")["progress"]["job"] == ""


def test_a_check_finds_everything_or_says_why_not(place):
    name = place(model())["job"]
    said(place, name, job.FAILED, "The hub was away.")
    assert place(model(), action="check")["msg"] == f"org--m is not complete in {place.path}/models: The hub was away."
    fetched(place)
    assert place(model(), action="check")["lines"] == [f"org--m: 1 file, 4 bytes, at {REVISION[:12]}"]
    gone = place(model(state="absent"), action="check")["msg"]
    assert gone.startswith(f"org--m is still there in {place.path}/models")


def test_what_the_module_is_given_is_what_the_sources_are_asked_with(place):
    place(model(), endpoint="http://mirror", token="hf_secret")
    assert place.asked == [("org/m", "http://mirror", ("mit",))]
    assert "hf_secret" not in (place.path / "etc/work.json").read_text()


def test_a_path_is_looked_into(place, tmp_path):
    write(tmp_path / "brought", {"m.gguf": gguf()[:-1]})
    result = place(model(source={"path": str(tmp_path / "brought")}))
    assert "is not a complete model: m.gguf has" in result["msg"]
