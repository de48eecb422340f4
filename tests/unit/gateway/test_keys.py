# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keys of clients: shown once, kept as hashes, changed without a reload."""

from __future__ import annotations

import json
import os
import threading

import pytest

from hybrid_cluster.gateway import state_file
from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.keys import KeyFile, KeyProblem, Limits
from hybrid_cluster.gateway.state_file import StateError


class Clock:
    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


@pytest.fixture
def keys(path, clock):
    return KeyFile(path, clock)


def refused(keys, secret):
    with pytest.raises(Failure) as caught:
        keys.find(secret)
    assert (caught.value.status, caught.value.final) == (401, True)
    return caught.value.code


def test_a_key_is_shown_once_and_kept_as_a_hash(keys, path):
    secret = keys.create("chat-page")
    assert secret.startswith("hc-")
    assert len(secret) > 40
    assert secret[3:] not in path.read_text()
    assert keys.find(secret).name == "chat-page"
    assert keys.create("other") != secret


def test_the_file_is_for_its_owner_whatever_the_umask(keys, path):
    before = os.umask(0)
    try:
        keys.create("a")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


@pytest.mark.parametrize("secret", ["", "hc-", "hc-wrong", "x" * 10000, "\udcff"])
def test_what_is_no_key_is_refused(keys, secret):
    keys.create("a")
    assert refused(keys, secret) == ("missing_key" if not secret else "invalid_key")


def test_a_key_expires(keys, clock):
    secret = keys.create("a", expires=clock.now + 10)
    assert keys.find(secret).name == "a"
    clock.now += 10
    assert refused(keys, secret) == "expired_key"


def test_a_key_is_revoked_without_a_reload(path, clock):
    served, changed = KeyFile(path, clock), KeyFile(path, clock)
    secret = changed.create("a")
    assert served.find(secret).name == "a"
    changed.revoke("a")
    assert refused(served, secret) == "invalid_key"
    assert served.all() == []


@pytest.mark.parametrize("grace", [0, 60])
def test_a_key_is_rotated(keys, clock, grace):
    old = keys.create("a", Limits(models=("m",)))
    new = keys.rotate("a", grace)
    assert keys.find(new).limits == Limits(models=("m",))
    if grace:
        assert keys.find(old).name == "a"
    clock.now += grace
    assert refused(keys, old) == "invalid_key"
    assert keys.find(new).name == "a"


def test_the_secret_before_a_rotation_is_revoked_too(keys):
    old = keys.create("a")
    new = keys.rotate("a", 60)
    keys.revoke("a")
    assert refused(keys, old) == refused(keys, new) == "invalid_key"


def test_limits_are_kept(path, keys, clock):
    limits = Limits(("m", "n"), 60, 2, 1000, 50000)
    secret = keys.create("a", limits, clock.now + 5)
    assert KeyFile(path, clock).find(secret) == keys.find(secret)
    assert keys.find(secret).limits == limits
    assert (limits.allows("m"), limits.allows("x"), Limits().allows("x")) == (True, False, True)
    assert not Limits(models=()).allows("m")
    keys.limit("a", Limits())
    assert (keys.find(secret).limits, keys.find(secret).expires) == (Limits(), None)


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a/b", "ä", "a" * 64, "a\n"])
def test_a_name_that_is_none_is_refused(keys, name):
    with pytest.raises(KeyProblem, match="is not a valid name for a key"):
        keys.create(name)


def test_names_are_there_once(keys):
    keys.create("a")
    with pytest.raises(KeyProblem, match="There is a key 'a' already"):
        keys.create("a")
    for change in (keys.rotate, keys.revoke, lambda name: keys.limit(name, Limits())):
        with pytest.raises(KeyProblem, match="There is no key 'b'"):
            change("b")


def test_many_processes_may_change_the_file_at_once(path, clock):
    def make(number):
        KeyFile(path, clock).create(f"key-{number}")

    threads = [threading.Thread(target=make, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(KeyFile(path, clock).all()) == 20


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"keys":[]}', "its version is None, and only 1 is known"),
        ('{"version":1}', "one of its keys is incomplete"),
        ('{"version":1,"keys":[{"name":"a"}]}', "one of its keys is incomplete"),
        ('{"version":1,"keys":[{"name":"a","digest":"d","created":1,"limits":{"odd":1}}]}', "incomplete"),
        ('{"version":1,"keys":[{"name":"a","digest":"d","created":1,"limits":{},"odd":1}]}', "incomplete"),
    ],
)
def test_a_file_that_is_broken_is_named_and_the_keys_before_it_stay_good(keys, path, text, sentence):
    secret = keys.create("a")
    state_file.write(path, {})
    path.write_text(text)
    assert keys.find(secret).name == "a"
    assert sentence in keys.problem
    with pytest.raises(StateError, match=str(path)):
        KeyFile(path).load()
    with pytest.raises(StateError):
        keys.create("b")
    assert path.read_text() == text


def test_a_file_that_others_may_read_is_refused(keys, path):
    keys.create("a")
    path.chmod(0o640)
    with pytest.raises(StateError, match="give it the mode 0600"):
        KeyFile(path).load()


def test_a_file_that_is_absent_is_refused(keys, path):
    with pytest.raises(StateError, match="No such file"):
        keys.load()
    assert refused(keys, "hc-a") == "invalid_key"


def test_a_file_that_is_absent_is_begun_and_one_that_is_there_stays(keys, path):
    keys.begin()
    keys.load()
    assert (keys.all(), path.stat().st_mode & 0o777) == ([], 0o600)
    secret = keys.create("a")
    keys.begin()
    assert keys.find(secret).name == "a"


def test_a_secret_that_was_made_elsewhere_replaces_the_one_before_at_once(keys, clock):
    first, second = "a" * 43, "b" * 43
    assert keys.adopt("cluster", first, dry_run=True)
    assert keys.all() == []
    assert [keys.adopt("cluster", secret) for secret in (first, first, second)] == [True, False, True]
    assert keys.find(second).name == "cluster"
    assert refused(keys, first) == "invalid_key"
    keys.limit("cluster", Limits(models=("m",)), clock.now - 1)
    assert keys.adopt("cluster", second)
    assert keys.find(second).limits == Limits(models=("m",))
    keys.rotate("cluster", 60)
    assert keys.adopt("cluster", second)
    assert not keys.adopt("cluster", second)


@pytest.mark.parametrize("secret", ["", "a" * 31, "a" * 32 + "\n", "a" * 32 + "\u00e9"])
def test_a_secret_that_is_guessed_or_odd_is_not_adopted(keys, secret):
    with pytest.raises(KeyProblem, match="too short or odd") as caught:
        keys.adopt("cluster", secret)
    assert not secret or secret not in str(caught.value)


def test_a_write_that_fails_leaves_the_old_file(path, monkeypatch):
    state_file.write(path, {"a": 1})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        state_file.write(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_a_link_in_the_place_of_the_lock_is_not_followed(keys, path, tmp_path):
    path.with_name("keys.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        keys.create("a")
    assert not (tmp_path / "elsewhere").exists()
