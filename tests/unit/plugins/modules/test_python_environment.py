# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""python_environment with the real pip and the real uv, and a folder of small wheels in place of a package index."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
MODULE = "ansible_collections.hybrid_ai.cluster.plugins.modules.python_environment"


def digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def wheel(folder, name, version, files, *, tag="py3-none-any"):
    """Write a wheel and return its line of a lock file."""
    information = f"{name}-{version}.dist-info"
    members = {
        **files,
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{information}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n".encode(),
    }
    record = "".join(f"{path},sha256={digest(content)},{len(content)}\n" for path, content in members.items())
    members[f"{information}/RECORD"] = f"{record}{information}/RECORD,,\n".encode()
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def program(version):
    return {"demo/__init__.py": f"def main():\n    print({version!r})\n".encode()}


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Wheels of demo and of uv, which is the project's own, and their lock files by name."""
    folder = tmp_path_factory.mktemp("index")
    uv = Path(sys.executable).with_name("uv").read_bytes()
    return {
        "folder": folder,
        "uv": wheel(folder, "uv", "0.0.1", {"uv-0.0.1.data/scripts/uv": uv, "uv/__init__.py": b""}),
        "demo 1": wheel(folder, "demo", "1", program("1")),
        "demo 2": wheel(folder, "demo", "2", program("2")),
    }


@pytest.fixture
def run(index, tmp_path):
    """Run the module as Ansible does, and return what it reports."""

    def call(requirements, *, check=False, environment=None, **options):
        asked = {"path": str(tmp_path / "env"), "title": "demo", "requirements": requirements, "installer": index["uv"]}
        internal = {"_ansible_check_mode": check, "_ansible_diff": True}
        arguments = tmp_path / "arguments.json"
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**asked, **options, **internal}}))
        folder = str(index["folder"])
        done = subprocess.run(
            [sys.executable, "-m", MODULE, arguments],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "collections"),
                "PIP_NO_INDEX": "1",
                "UV_NO_INDEX": "1",
                "PIP_FIND_LINKS": folder,
                "UV_FIND_LINKS": folder,
                **(environment or {}),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return call


def says(tmp_path, environment="current"):
    return subprocess.check_output([tmp_path / f"env/{environment}/bin/demo"], text=True).strip()


def test_makes_it_once_and_then_asks_nobody(run, index, tmp_path):
    predicted = run(index["demo 1"], check=True)
    assert (predicted["changed"], predicted["would_create"], (tmp_path / "env").exists()) == (True, True, False)
    made = run(index["demo 1"], program="bin/demo")
    assert (made["changed"], made["version"], made["packages"]) == (True, predicted["version"], {"demo": "1"})
    assert made["diff"] == predicted["diff"]
    assert made["diff"]["after"].endswith("\ndemo==1\n")
    assert sorted(entry.name for entry in (tmp_path / "env").iterdir()) == sorted([made["version"], "current"])
    assert says(tmp_path) == "1"
    again = run(index["demo 1"], environment={"PIP_FIND_LINKS": "/nowhere", "UV_FIND_LINKS": "/nowhere"}, installer="")
    assert (again["changed"], again["settled"], again["version"]) == (False, True, made["version"])


def test_comments_and_spaces_of_a_lock_file_are_not_another_environment(run, index):
    first = run(index["demo 1"], check=True)
    folded = index["demo 1"].replace(" --hash", " \\\n    --hash")
    second = run(f"# written today\n{folded}\n", check=True)
    assert first["version"] == second["version"] != run(index["demo 2"], check=True)["version"]


def test_the_one_before_stays_until_it_is_settled(run, index, tmp_path, run_module):
    before = run(index["demo 1"])["version"]
    run(index["demo 2"], keep_previous=True)
    assert says(tmp_path) == "2"
    assert not run(index["demo 2"], check=True, keep_previous=True)["settled"]
    back = run_module("release_tree", {"path": str(tmp_path / "env"), "action": "rollback"})
    assert (back["changed"], back["version"], says(tmp_path)) == (True, before, "1")
    run(index["demo 2"])
    assert len(list((tmp_path / "env").iterdir())) == 2


@pytest.mark.parametrize("damage", ["lib/python3*/site-packages/demo-*.dist-info", ".complete", "bin/python"])
def test_one_that_is_not_whole_is_made_again(run, index, tmp_path, damage):
    version = run(index["demo 1"])["version"]
    (place,) = (tmp_path / "env" / version).glob(damage)
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert run(index["demo 1"], check=True)["would_create"]
    assert run(index["demo 1"])["changed"]
    assert says(tmp_path) == "1"


def test_what_a_run_that_was_cut_off_has_left_goes(run, index, tmp_path):
    (tmp_path / "env/.making-abc/cache").mkdir(parents=True)
    version = run(index["demo 1"])["version"]
    assert sorted(entry.name for entry in (tmp_path / "env").iterdir()) == sorted([version, "current"])


def test_removes_it(run, index, tmp_path):
    run(index["demo 1"])
    assert run("", state="absent", check=True)["changed"]
    assert says(tmp_path) == "1"
    assert run("", state="absent")["diff"]["before"].endswith("demo==1\n")
    assert not (tmp_path / "env").exists()
    assert not run("", state="absent")["changed"]


OTHER = "0" * 64


@pytest.mark.parametrize(
    ("requirements", "options", "sentence"),
    [
        ("", {}, "needs the requirements of demo."),
        ("# nothing\n", {}, "are empty"),
        ("demo==1\n", {}, "have no checksum for demo==1"),
        ("demo>=1\n", {}, "do not pin `demo>=1` as NAME==VERSION"),
        ("--index-url http://x/\ndemo==1\n", {}, "hold the option `--index-url`; leave it out"),
        ("demo @ http://x/demo.whl\n", {}, "do not pin `demo`"),
        (f"demo==1 --hash=sha256:{OTHER}\n", {}, "because demo==1 is another file than the one that was pinned"),
        (f"demo==9 --hash=sha256:{OTHER}\n", {}, "does not have demo==9, which demo needs"),
        ("{demo 1}", {"program": "bin/else"}, "has no program bin/else"),
        ("{demo 1}", {"minimum_python": "3.99"}, "demo needs Python 3.99 or newer, and "),
        ("{demo 1}", {"python": "/nowhere/python3"}, "/nowhere/python3 is not a Python that runs here"),
        ("{demo 1}", {"installer": ""}, "needs the option installer to make demo"),
        ("{demo 1}", {"installer": f"uv==0.0.1 --hash=sha256:{OTHER}\n"}, "because uv==0.0.1 is another file"),
        ("{demo 1}", {"installer": f"uv==9 --hash=sha256:{OTHER}\n"}, "does not have uv==9, which demo needs"),
    ],
)
def test_says_what_is_wrong_and_leaves_nothing(run, index, tmp_path, requirements, options, sentence):  # noqa: PLR0917 - fixtures and a case
    result = run(requirements.replace("{demo 1}", index["demo 1"]), **options)
    assert result["failed"]
    assert sentence in result["msg"]
    assert not (tmp_path / "env").exists()


def test_what_was_there_stays_when_another_cannot_be_made(run, index, tmp_path):
    version = run(index["demo 1"])["version"]
    assert run(f"demo==2 --hash=sha256:{OTHER}\n")["failed"]
    assert [entry.name for entry in sorted((tmp_path / "env").iterdir())] == sorted([version, "current"])
    assert says(tmp_path) == "1"
