# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import has_password, is_secret_name

SECRET = ["HF_TOKEN", "password", "grafana_admin_password", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "api-key"]
SECRET += ["credentials", "Authorization", "private_key", "alertmanager_webhooks", "bearer_token", "hf.token"]
OTHER = ["TOKENIZERS_PARALLELISM", "MAX_TOKENS", "password_file", "cluster_secrets_directory", "key", "keyboard", ""]
OTHER += ["HF_HOME", "monkey", "primary_key", "credentials_file"]


@pytest.mark.parametrize(("name", "secret"), [*((name, True) for name in SECRET), *((name, False) for name in OTHER)])
def test_names(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("http://user:pass@host/", True),
        ("socks5h://:pass@host", True),
        ("see https://u:p%40ss@host:8080/x?y", True),
        ("http://user@host/", False),
        ("http://host:8080/path@x", False),
        ("https://host/a:b@c", False),
        ("mailto:a@b", False),
        (7, False),
    ],
)
def test_addresses(text: object, password: bool) -> None:
    assert has_password(text) is password
