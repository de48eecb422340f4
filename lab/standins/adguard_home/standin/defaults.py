# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the program writes into its file where the file says nothing, in its order."""

from __future__ import annotations

import uuid
from typing import Any

SCHEMA_VERSION = 34

DOH_ROUTES = (
    "GET /dns-query",
    "POST /dns-query",
    "GET /dns-query/{ClientID}",
    "POST /dns-query/{ClientID}",
)

SEARCH_ENGINES = ("bing", "duckduckgo", "ecosia", "google", "pixabay", "yandex", "youtube")

_CLIENT_SWITCHES = (
    "upstreams_cache_enabled",
    "use_global_settings",
    "filtering_enabled",
    "parental_enabled",
    "safebrowsing_enabled",
    "use_global_blocked_services",
    "ignore_querylog",
    "ignore_statistics",
)

_LISTS = "https://adguardteam.github.io/HostlistsRegistry/assets"


def defaults() -> dict[str, Any]:
    """Return a fresh set of every key."""
    return {
        "http": {
            "pprof": {"port": 6060, "enabled": False},
            "doh": {"routes": list(DOH_ROUTES), "insecure_enabled": False},
            "address": "0.0.0.0:3000",
            "session_ttl": "30d",
        },
        "users": [],
        "auth_attempts": 5,
        "block_auth_min": 15,
        "http_proxy": "",
        "language": "",
        "theme": "auto",
        "dns": _dns(),
        "tls": {
            "enabled": False,
            "server_name": "",
            "force_https": False,
            "port_https": 443,
            "port_dns_over_tls": 853,
            "port_dns_over_quic": 853,
            "port_dnscrypt": 0,
            "dnscrypt_config_file": "",
            "certificate_chain": "",
            "private_key": "",
            "certificate_path": "",
            "private_key_path": "",
            "strict_sni_check": False,
        },
        "querylog": _log() | {"interval": "90d", "size_memory": 1000, "file_enabled": True},
        "statistics": _log() | {"interval": "1d"},
        "filters": [
            {"enabled": True, "url": f"{_LISTS}/filter_1.txt", "name": "AdGuard DNS filter", "id": 1},
            {"enabled": False, "url": f"{_LISTS}/filter_2.txt", "name": "AdAway Default Blocklist", "id": 2},
        ],
        "whitelist_filters": [],
        "user_rules": [],
        "dhcp": {
            "enabled": False,
            "interface_name": "",
            "local_domain_name": "lan",
            "dhcpv4": {
                "gateway_ip": "",
                "subnet_mask": "",
                "range_start": "",
                "range_end": "",
                "lease_duration": 86400,
                "icmp_timeout_msec": 1000,
                "options": [],
            },
            "dhcpv6": {
                "range_start": "",
                "lease_duration": 86400,
                "ra_slaac_only": False,
                "ra_allow_slaac": False,
            },
        },
        "filtering": {
            "blocking_ipv4": "",
            "blocking_ipv6": "",
            "blocked_services": {"schedule": {"time_zone": "Local"}, "ids": []},
            "protection_disabled_until": None,
            "safe_search": {"enabled": False, **dict.fromkeys(SEARCH_ENGINES, True)},
            "blocking_mode": "default",
            "parental_block_host": "family-block.dns.adguard.com",
            "safebrowsing_block_host": "standard-block.dns.adguard.com",
            "rewrites": [],
            "safe_fs_patterns": [],
            "max_http_size": "256MB",
            "safebrowsing_cache_size": 1048576,
            "safesearch_cache_size": 1048576,
            "parental_cache_size": 1048576,
            "cache_time": 30,
            "filters_update_interval": 24,
            "blocked_response_ttl": 10,
            "rewrites_enabled": True,
            "filtering_enabled": True,
            "parental_enabled": False,
            "safebrowsing_enabled": False,
            "protection_enabled": True,
        },
        "clients": {
            "runtime_sources": {"whois": True, "arp": True, "rdns": True, "dhcp": True, "hosts": True},
            "persistent": [],
        },
        "log": {"enabled": True, "file": "", "max_backups": 0, "max_size": 100, "max_age": 3}
        | {"compress": False, "local_time": False, "verbose": False},
        "os": {"group": "", "user": "", "rlimit_nofile": 0},
        "schema_version": SCHEMA_VERSION,
    }


def _log() -> dict[str, Any]:
    return {"dir_path": "", "ignored": [], "ignored_enabled": False, "enabled": True}


def entry_defaults(key: str) -> dict[str, Any] | None:
    """Return what one entry of a list is filled in with, or None where its entries are no mappings."""
    client = {
        "safe_search": {"enabled": False, **dict.fromkeys(SEARCH_ENGINES, False)},
        "blocked_services": {"schedule": {"time_zone": "Local"}, "ids": []},
        "name": "",
        "ids": [],
        "tags": [],
        "upstreams": [],
        "uid": str(uuid.uuid4()),
        "upstreams_cache_size": 0,
        **dict.fromkeys(_CLIENT_SWITCHES, False),
    }
    filters = {"enabled": False, "url": "", "name": "", "id": 0}
    entries: dict[str, dict[str, Any]] = {
        "rewrites": {"domain": "", "answer": "", "enabled": False},
        "persistent": client,
        "filters": filters,
        "whitelist_filters": filters,
        "users": {"name": "", "password": ""},
    }
    return entries.get(key)


def _dns() -> dict[str, Any]:
    return {
        "bind_hosts": ["0.0.0.0"],  # noqa: S104 - the program's default
        "port": 53,
        "anonymize_client_ip": False,
        "ratelimit": 20,
        "ratelimit_subnet_len_ipv4": 24,
        "ratelimit_subnet_len_ipv6": 56,
        "ratelimit_whitelist": [],
        "refuse_any": True,
        "upstream_dns": [],
        "upstream_dns_file": "",
        "bootstrap_dns": [],
        "fallback_dns": [],
        "upstream_mode": "load_balance",
        "fastest_timeout": "1s",
        "allowed_clients": [],
        "disallowed_clients": [],
        "blocked_hosts": [],
        "trusted_proxies": ["127.0.0.0/8", "::1/128"],
        "cache_enabled": True,
        "cache_size": 4194304,
        "cache_ttl_min": 0,
        "cache_ttl_max": 0,
        "cache_optimistic": False,
        "cache_optimistic_answer_ttl": "30s",
        "cache_optimistic_max_age": "12h",
        "bogus_nxdomain": [],
        "aaaa_disabled": False,
        "enable_dnssec": True,
        "edns_client_subnet": {"custom_ip": "", "enabled": False, "use_custom": False},
        "max_goroutines": 300,
        "handle_ddr": True,
        "ipset": [],
        "ipset_file": "",
        "bootstrap_prefer_ipv6": False,
        "upstream_timeout": "10s",
        "private_networks": [],
        "use_private_ptr_resolvers": True,
        "local_ptr_upstreams": [],
        "use_dns64": False,
        "dns64_prefixes": [],
        "serve_http3": False,
        "use_http3_upstreams": False,
        "serve_plain_dns": True,
        "hostsfile_enabled": True,
        "pending_requests": {"enabled": True},
    }
