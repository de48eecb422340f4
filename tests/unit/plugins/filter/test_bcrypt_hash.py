# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A hash that does not change with every run."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter import bcrypt_hash as plugin

bcrypt = pytest.importorskip("bcrypt")
PASSWORD = "kn8mzi6EEOGouN75X5eyhjlqpwXDqmUF"
bcrypt_hash = plugin.FilterModule().filters()["bcrypt_hash"]


def test_it_is_the_hash_of_that_password() -> None:
    made = bcrypt_hash(PASSWORD)
    assert bcrypt.checkpw(PASSWORD.encode(), made.encode())
    assert not bcrypt.checkpw(b"another", made.encode())


def test_it_is_the_same_every_time_and_another_for_another() -> None:
    assert bcrypt_hash(PASSWORD) == bcrypt_hash(PASSWORD)
    assert bcrypt_hash(PASSWORD)[:29] != bcrypt_hash(PASSWORD[::-1])[:29]


@pytest.mark.parametrize("password", ["", "x" * 19, "x" * 73])
def test_only_long_random_passwords_are_hashed(password: str) -> None:
    with pytest.raises(AnsibleFilterError, match="must have 20 to 72 bytes") as failure:
        bcrypt_hash(password)
    assert not password or password not in str(failure.value)


def test_the_controller_needs_bcrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "HAS_BCRYPT", False)
    with pytest.raises(AnsibleFilterError, match="no Python package bcrypt"):
        bcrypt_hash(PASSWORD)
