# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program that hands models on, on hosts that are network namespaces: each host asks the one before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import mount

from tests.chain.hosts import COPIES_PORT, FOLDER, PORT, damage, write_model

SLOW = 4 << 20
"""Bytes in a second, where something has to happen in the middle."""
POINTER = b"""version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 2147483648
"""
HEADER = b'{"w": {"dtype": "F32", "shape": [256], "data_offsets": [0, 1024]}}'
HALF = len(HEADER).to_bytes(8, "little") + HEADER + bytes(512)


def follow(hosts, manifest, torrent, **options):
    """Start hosts, each behind all that are before it, the nearest first; the first one is the store."""
    for place, host in enumerate(hosts[1:], 1):
        host.start(manifest, hosts[place - 1 :: -1] if place > 1 else hosts[:1], torrent, **options)


def test_each_host_gets_it_from_the_one_before_it(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    before = hosts[0].network.sent("store")
    follow(hosts, manifest, torrent)
    for host in hosts[1:]:
        assert host.wait("complete")["sentences"] == []
        assert host.wrong(manifest) == []
        assert {path.stat().st_mode & 0o777 for path in (host.models / FOLDER).rglob("*")} == {0o644, 0o755}
        assert list((host.models / ".incoming").glob(f"{FOLDER}*")) == []
    assert hosts[0].network.sent("store") - before <= 1.05 * manifest.bytes
    # The last one has nobody to send it to.
    assert [host.status()["sent"] > manifest.bytes // 2 for host in hosts] == [True, True, True, False]


def test_a_model_of_one_file_is_handed_on_too(hosts, content):
    one_file = dict([max(content.items(), key=lambda item: len(item[1]))])
    manifest = write_model(hosts[0].models, one_file)
    hosts[0].start(manifest)
    follow(hosts[:3], manifest, hosts[0].torrent())
    for host in hosts[1:3]:
        host.wait("complete")
        assert host.wrong(manifest) == []


def test_it_goes_on_from_another_holder_when_the_one_before_dies(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    follow(hosts[:3], manifest, hosts[0].torrent(), bytes_per_second=SLOW)
    two = hosts[2]
    two.until(lambda status: status["have"] > manifest.bytes // 4)
    assert two.status()["source"] == "one"
    hosts[1].kill()
    two.until(lambda status: status["source"] == "store")
    two.wait("complete")
    assert two.wrong(manifest) == []
    # What had come was not fetched again.
    assert two.status()["fetched"] < 1.2 * manifest.bytes


def test_the_one_that_died_goes_on_where_it_was(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    one = hosts[1]
    one.start(manifest, hosts[:1], torrent, bytes_per_second=SLOW // 2)
    one.until(lambda status: status["have"] > manifest.bytes // 2)
    one.kill()
    damage(one.models / ".incoming" / f"{FOLDER}@{manifest.revision}" / "model-1.bin", at=0)
    one.start(manifest, hosts[:1], torrent)
    assert one.wait("complete")["fetched"] < 0.9 * manifest.bytes
    assert one.wrong(manifest) == []


def test_a_holder_whose_disk_is_damaged_mends_itself_before_it_hands_on(hosts, content):
    manifest = write_model(hosts[0].models, content)
    one, two = hosts[1:3]
    write_model(one.models, content)
    damage(one.models / FOLDER / "model-1.bin")
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    one.start(manifest, hosts[:1], torrent)
    one.wait("complete")
    two.start(manifest, [one, hosts[0]], torrent)
    two.wait("complete")
    assert [two.wrong(manifest), one.wrong(manifest)] == [[], []]
    assert "one fetches 1 piece of org--model again" in one.status()["sentences"][0]
    assert one.status()["healed"] == 1


def test_a_store_whose_disk_is_damaged_says_so_and_hands_on_no_more(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    damage(hosts[0].models / FOLDER / "model-1.bin")
    hosts[1].start(manifest, hosts[:1], torrent)
    sentence = hosts[0].wait("failed")["sentences"][0]
    assert sentence.startswith("store hands org--model on no more: pieces of it have changed on the disk")
    assert not (hosts[1].models / FOLDER).exists()


def test_a_store_does_not_begin_to_hand_on_what_is_damaged(hosts, content):
    manifest = write_model(hosts[0].models, content)
    damage(hosts[0].models / FOLDER / "model-1.bin")
    hosts[0].start(manifest)
    (sentence,) = hosts[0].wait("failed")["sentences"]
    assert (
        "store does not hand on org--model: model-1.bin of org--model has the right size and another content"
        in sentence
    )


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        pytest.param(POINTER, "is a pointer of Git LFS with 135 bytes and should have", id="a pointer"),
        pytest.param(HALF, "has 586 bytes and should have 1098 bytes, as its own header says", id="half"),
    ],
)
def test_a_store_does_not_hand_on_what_no_program_can_read(hosts, content, weights, said):
    manifest = write_model(hosts[0].models, {**content, "model.safetensors": weights})
    hosts[0].start(manifest)
    (sentence,) = hosts[0].wait("failed")["sentences"]
    assert sentence.startswith(f"store does not hand on org--model: model.safetensors {said}")
    assert sentence.endswith("Run models.yml again.")


def test_what_does_not_belong_to_a_model_is_not_handed_on(hosts, content):
    manifest = write_model(hosts[0].models, content)
    for name in ("model-00001-of-00003.safetensors", "._config.json", "old/model-1.bin"):
        (hosts[0].models / FOLDER / name).parent.mkdir(exist_ok=True)
        (hosts[0].models / FOLDER / name).write_bytes(b"of another revision")
    hosts[0].start(manifest)
    hosts[1].start(manifest, hosts[:1], hosts[0].torrent())
    hosts[1].wait("complete")
    found = {
        str(path.relative_to(hosts[1].models / FOLDER))
        for path in (hosts[1].models / FOLDER).rglob("*")
        if path.is_file()
    }
    assert found == set(content)


def test_a_disk_that_is_away_hands_on_nothing_and_gets_nothing(hosts, content):
    store, one = hosts[0], hosts[1]
    manifest = write_model(store.models, content)
    store.start(manifest)
    torrent = store.torrent()
    for host in (store, one):
        memory = {"directory": str(host.models), "point": "/mnt/models", "device": "/dev/sdb1", "marker": "x"}
        (host.work / mount.MEMORY).write_text(json.dumps(memory))
    one.start(manifest, [store], torrent)
    store.stop()
    store.start(manifest)
    for host in (store, one):
        (sentence,) = host.wait("failed")["sentences"]
        assert f"{host.name}: {host.models} lies on the disk /dev/sdb1, which is not mounted at /mnt/models" in sentence
    assert not (one.models / FOLDER).exists()
    assert not list(one.models.glob(".incoming/*/*"))


def test_a_store_whose_port_is_taken_says_so(hosts, content):
    manifest = write_model(hosts[0].models, content)
    words = f"import socket, time; s = socket.create_server(('', {PORT})); print(flush=True); time.sleep(60)"
    other = subprocess.Popen(hosts[0].network.argv("store", sys.executable, "-c", words), stdout=subprocess.PIPE)
    try:
        other.stdout.readline()
        hosts[0].start(manifest)
        (sentence,) = hosts[0].wait("failed")["sentences"]
    finally:
        other.kill()
        other.wait()
    assert "store hands org--model on to nobody: end what else uses the port." in sentence


def test_whoever_comes_late_gets_it_from_the_last_one(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    follow(hosts[:3], manifest, torrent)
    for host in hosts[1:3]:
        host.wait("complete")
    before = hosts[0].network.sent("store")
    hosts[3].start(manifest, hosts[2::-1], torrent)
    hosts[3].wait("complete")
    assert hosts[3].wrong(manifest) == []
    assert hosts[0].network.sent("store") - before < 100_000


def test_of_a_new_revision_only_what_is_new_is_fetched(hosts, content):
    old = write_model(hosts[1].models, content)
    kept = (hosts[1].models / FOLDER / "model-1.bin").stat().st_ino
    (hosts[1].models / FOLDER / "stray.bin").write_bytes(b"belongs to nothing")
    changed = {**content, "model-2.bin": os.urandom(4 << 20)}
    manifest = write_model(hosts[0].models, changed, revision="b" * 40)
    hosts[0].start(manifest)
    one = hosts[1]
    (one.models / ".incoming" / f"{FOLDER}@{'c' * 40}").mkdir(parents=True)
    one.start(manifest, hosts[:1], hosts[0].torrent())
    status = one.wait("complete")
    assert 4 << 20 <= status["fetched"] < 5 << 20
    assert one.wrong(manifest) == []
    assert (one.models / FOLDER / "model-1.bin").stat().st_ino == kept
    # What was served before is there until the new one has answered, and nothing is lost.
    assert (one.models / ".previous" / FOLDER / "model-2.bin").read_bytes() == content["model-2.bin"]
    assert json.loads((one.models / ".previous" / f"{FOLDER}.json").read_text()) == old.as_dict()
    assert (one.models / ".aside" / FOLDER / "stray.bin").exists()
    assert [path.name for path in (one.models / ".incoming").iterdir()] == ["lock"]


def test_a_full_disk_is_a_sentence_and_takes_nothing(hosts, content, disk):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    disk(hosts[1].models, "size=8m")
    hosts[1].start(manifest, hosts[:1], torrent)
    sentence = hosts[1].wait("failed")["sentences"][0]
    assert "one has no room for org--model: it needs 12 MB more" in sentence
    assert "has 8.0 MB free" in sentence
    assert list(hosts[1].models.glob(FOLDER)) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(hosts, content, disk):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    (hosts[1].models / ".incoming").mkdir()
    disk(hosts[1].models / ".incoming", "ro")
    hosts[1].start(manifest, hosts[:1], torrent)
    hosts[1].process.wait(10)
    assert "Read-only file system" in hosts[1].log()


def test_nobody_who_answers_is_a_sentence_with_names(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    hosts[0].stop()
    hosts[2].start(manifest, [hosts[1], hosts[0]], torrent, give_up_seconds=1.5)
    sentence = hosts[2].wait("failed")["sentences"][0]
    assert sentence.startswith("two gets nothing of org--model: one (10.67.9.2), the one before it, does not answer")
    assert "neither do the others that have it: store" in sentence


def test_what_is_not_as_its_manifest_says_is_not_taken(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    other = write_model(hosts[3].models, {**content, "config.json": b"[]"})
    hosts[1].start(other, hosts[:1], torrent)
    sentence = hosts[1].wait("failed")["sentences"][0]
    assert "one does not take org--model: what was handed out is not what its manifest says" in sentence
    assert list(hosts[1].models.glob(FOLDER)) == []


def test_two_at_once_are_one_and_a_sentence(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    torrent = hosts[0].torrent()
    one = hosts[1]
    one.start(manifest, hosts[:1], torrent, bytes_per_second=SLOW)
    one.until(lambda status: status["have"] > 0)
    first, one.process = one.process, None
    one.start(manifest, hosts[:1], torrent)
    assert one.process.wait(10) == 1
    assert f"is being filled by process {first.pid}" in one.log()
    one.process = first
    deadline = time.monotonic() + 20
    while one.wrong(manifest) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert one.wrong(manifest) == []


def test_it_ends_by_itself_when_nobody_asks_any_more(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest, idle_seconds=5)
    torrent = hosts[0].torrent()
    hosts[1].start(manifest, hosts[:1], torrent, idle_seconds=1)
    hosts[1].wait("complete")
    assert [host.process.wait(15) for host in hosts[:2]] == [0, 0]
    assert hosts[1].wrong(manifest) == []


def test_a_host_without_libtorrent_copies_from_the_store(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest)
    hosts[0].torrent()
    one = hosts[1]
    one.start(manifest, hosts[:1], plain=True, bytes_per_second=SLOW)
    one.until(lambda status: status["have"] > manifest.bytes // 4)
    one.kill()
    one.start(manifest, hosts[:1], plain=True)
    assert one.wait("complete")["fetched"] < 0.9 * manifest.bytes
    assert one.wrong(manifest) == []


def test_copies_are_given_to_hosts_of_the_job_alone(hosts, content):
    manifest = write_model(hosts[0].models, content)
    hosts[0].start(manifest, allowed=[hosts[1].address])
    hosts[0].torrent()

    def status(host, path):
        url = f"http://{hosts[0].address}:{COPIES_PORT}/{path}"
        words = host.network.argv(host.name, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--path-as-is", url)
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    top = f"{FOLDER}@{manifest.revision}"
    assert status(hosts[1], f"{top}/config.json") == "200"
    assert status(hosts[2], f"{top}/config.json") == "404"
    assert status(hosts[1], f"{top}/../../work/job.json") == "404"
    assert status(hosts[1], "") == "404"
