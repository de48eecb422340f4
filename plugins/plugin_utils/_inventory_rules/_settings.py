# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about settings that name something of another place, or that a role sets itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.loader import become_loader, connection_loader
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    Problem,
    closest,
    did_you_mean,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _vllm
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import ROOT
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._models_entries import models_of
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

ENVIRONMENTS = ("exo_environment", "ollama_environment", "vllm_environment")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MLX_ARGUMENTS = {
    **dict.fromkeys(("--host", "--port"), "stands in the service table"),
    "--model": "follows from cluster_models",
    **dict.fromkeys(("--decode-concurrency", "--prompt-concurrency"), "is parallel of the model"),
    "--max-tokens": "is mlx_lm_default_max_tokens",
    "--prompt-cache-size": "is mlx_lm_prompt_cache_entries",
    "--prompt-cache-bytes": "is mlx_lm_prompt_cache_gigabytes",
    "--trust-remote-code": "runs programs that come with a model",
}
"""Arguments of mlx_lm.server that its front sets, or that nobody may set by the way, and why."""
_NODE_EXPORTER_ARGUMENTS = {
    "--web.listen-address": "stands in the service table",
    "--collector.textfile.directory": "is where the measurements of the roles lie",
}
_PLUGINS = {"ansible_become_method": become_loader, "ansible_connection": connection_loader}
_USUAL = {"ansible_become_method": ("su", "sudo"), "ansible_connection": ("local", "paramiko", "ssh")}
_OF_PAGES = ("adguard_home_password", "grafana_admin_password", "haproxy_password")
_PASSWORD_LENGTH = 8
_ARGUMENTS = {"mlx_lm_arguments": _MLX_ARGUMENTS, "node_exporter_arguments": _NODE_EXPORTER_ARGUMENTS}


def settings(inventory: Inventory) -> Iterator[Problem]:
    """Check each setting that is given."""
    for host, name, faults in inventory.look(_faults):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)
    for host in inventory.hosts.values():
        yield from (Problem(host.name, text) for text in _host_faults(inventory, host))


def _faults(name: str, value: Any) -> list[str]:
    if name in ENVIRONMENTS and isinstance(value, Mapping):
        return list(_environment_faults(name, value))
    if name == "vllm_arguments" and isinstance(value, (list, tuple)):
        return list(dict.fromkeys(_vllm.setting_faults(value, {})))
    if name in _ARGUMENTS and isinstance(value, (list, tuple)):
        return list(dict.fromkeys(_argument_faults(name, value)))
    if name in _PLUGINS and isinstance(value, str) and not _is_plugin(name, value):
        return [f"{name} is {value!r}, which Ansible does not have; {did_you_mean(value, _USUAL[name])}"]
    if name == "prometheus_alerts_off" and isinstance(value, (list, tuple)):
        unknown = [one for one in value if isinstance(one, str) and one not in _alerts()]
        return [f"{name} has {one}, which is not an alert; {_meant(one)}" for one in unknown]
    return []


def _is_plugin(name: str, plugin: str) -> bool:
    """Tell whether Ansible has a plugin; those of other collections have a dot in their name."""
    return "." in plugin or plugin == "smart" or plugin in _plugins(name)


@cache
def _plugins(name: str) -> frozenset[str]:
    return frozenset(Path(path).stem for path in _PLUGINS[name].all(path_only=True))


def _meant(alert: str) -> str:
    guess = closest(alert, _alerts(), 0.6)
    return f"did you mean {guess}?" if guess else "roles/prometheus/files/alerts.yml has them all."


@cache
def _alerts() -> frozenset[str]:
    rules = yaml_load((ROOT / "roles/prometheus/files/alerts.yml").read_text(encoding="utf-8"))
    return frozenset(rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule)


@cache
def _set_for_ollama() -> frozenset[str]:
    role = yaml_load((ROOT / "roles/ollama/vars/main.yml").read_text(encoding="utf-8"))
    cuda = (name for name in _vllm.ENVIRONMENT if name.startswith("CUDA_"))
    return frozenset({*role["__ollama_environment"], *cuda})


def _argument_faults(name: str, value: Any) -> Iterator[str]:
    for argument in value:
        option = str(argument).partition("=")[0]
        if reason := _ARGUMENTS[name].get(option):
            yield f"{name} has {option}, which {reason}; leave it out."
        elif option.startswith("-") and is_secret_name(option):
            yield f"{name} has {option}, which everybody on the host could read; leave it out."


def _environment_faults(name: str, value: Mapping[Any, Any]) -> Iterator[str]:
    for key, member in value.items():
        if not _VARIABLE.fullmatch(str(key)):
            yield f"{name} has {key!r}, which is not the name of a variable; write letters, digits and underscores."
        elif member is None or isinstance(member, (Mapping, list, tuple)):
            kind = "empty" if member is None else "a mapping" if isinstance(member, Mapping) else "a list"
            yield f"{name}.{key} is {kind}; write text; put it in quotes."
        elif name == "ollama_environment" and key in _set_for_ollama():
            yield f"{name} has {key}, which the role sets itself; leave it out."
    if name == "vllm_environment":
        yield from _vllm.setting_faults((), value)


def _host_faults(inventory: Inventory, host: Host) -> Iterator[str]:
    yield from _filter_faults(host)
    waker = host.given.get("power_management_waker")
    if isinstance(waker, str) and waker not in inventory.hosts:
        yield f"power_management_waker is {waker!r}, which is not a host; {did_you_mean(waker, inventory.hosts)}"
    cards, spread = host.get("vllm_cards"), host.get("vllm_spread")
    if isinstance(cards, (list, tuple)) and cards and isinstance(spread, int) and spread > len(cards):
        yield f"vllm_spread is {spread}, but vllm_cards has {len(cards)}; write {len(cards)} or less, or more cards."
    for name in ("llama_cpp_cards", "ollama_cards", "vllm_cards"):
        if host.given.get(name) == []:
            yield f"{name} is empty, so that no card is left; write their PCI addresses, or remove it for all."
    upstreams = host.get("adguard_home_upstreams")
    own = [one.get("ansible_host") for one in inventory.members("management")]
    if "adguard_home_upstreams" in host.given and isinstance(upstreams, (list, tuple)):
        for one in upstreams:
            if one in own:
                yield f"adguard_home_upstreams has {one}, which is the DNS server itself; write those of others."


def _filter_faults(host: Host) -> Iterator[str]:
    known, wanted = host.get("adguard_home_filter_lists"), host.get("adguard_home_filters")
    if not {"adguard_home_filters", "adguard_home_filter_lists"} & host.given.keys():
        return
    for one in wanted if isinstance(wanted, (list, tuple)) and isinstance(known, Mapping) else ():
        if one not in known:
            advice = did_you_mean(str(one), map(str, known))
            yield f"adguard_home_filters has {one}, which adguard_home_filter_lists does not have; {advice}"


def hours(inventory: Inventory) -> Iterator[Problem]:
    """Check which models hours name."""
    names = {name for model in models_of(inventory) for name in model.names}
    for host in inventory.hosts.values():
        for variable in ("power_management_quiet_hours", "power_management_warm_hours"):
            for place, entry in enumerate(host.given.get(variable) or ()):
                where = f"{variable}[{place}]"
                if not isinstance(entry, Mapping):
                    continue
                for model in entry.get("models") or ():
                    if names and isinstance(model, str) and model not in names:
                        text = f"{where} has the model {model}, which is not in cluster_models"
                        yield Problem(host.name, f"{text}; {did_you_mean(model, names)}")


def dangling(inventory: Inventory) -> Iterator[Problem]:
    """Find a half of something whose other half is in another variable."""
    for host in inventory.hosts.values():
        password = "prometheus_remote_write_password"  # noqa: S105 - the name of a variable
        if host.given.get(password) and not host.get("prometheus_remote_write"):
            text = f"{password} is set, but prometheus_remote_write is not; write both, or none."
            yield Problem(host.name, text)
        certificate = host.given.get("gateway_certificate")
        if isinstance(certificate, str) and not _is_pem(certificate):
            yield Problem(
                host.name,
                "gateway_certificate is not a certificate with its key; write both as PEM, one after the other.",
            )
        for password in _OF_PAGES:
            value = host.given.get(password)
            if isinstance(value, str) and len(value) < _PASSWORD_LENGTH:
                text = f"{password} has fewer than {_PASSWORD_LENGTH} characters; write a longer one, or remove it."
                yield Problem(host.name, text)
    yield from _jobs(inventory)


def _is_pem(text: str) -> bool:
    return "-----BEGIN CERTIFICATE-----" in text and bool(re.search(r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----", text))


def _jobs(inventory: Inventory) -> Iterator[Problem]:
    name = "prometheus_extra_scrape_configs"
    ours = {service for service, entry in inventory.services().items() if entry["metrics"]}
    for host in inventory.hosts.values():
        taken = set(ours)
        for place, entry in enumerate(host.given.get(name) or ()):
            job = entry.get("job_name") if isinstance(entry, Mapping) else None
            if not isinstance(job, str) or not job:
                yield Problem(host.name, f"{name}[{place}] has no job_name; add it.")
            elif job in taken:
                other = "a service of the cluster" if job in ours else "another one"
                yield Problem(host.name, f"{name}[{place}] has the job_name {job}, as {other} has; write another.")
            else:
                taken.add(job)
