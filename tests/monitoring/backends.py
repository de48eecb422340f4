# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama and vLLM on the management node, by their stand-ins: the site of the lab has neither, and panels for both."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import plan as plans
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import store

from lab.standins import vllm
from lab.standins.ollama import archive
from tests import llama_cpp_models
from tests.monitoring.lab import INVENTORY

if TYPE_CHECKING:
    from tests.monitoring.lab import Lab

OLLAMA_PORT, VLLM_PORT = 11434, 8000
MODEL = {"name": "small", "names": ["small"], "folder": "tiny-b", "context": None}
PLACE = "/opt/backends"


def write_inventory(directory: Path) -> Path:
    """Write that the management node has Ollama, beside what the inventory says, and return the file."""
    listed = yaml.safe_load((INVENTORY / "hosts.yml").read_text(encoding="utf-8"))["all"]["children"]
    path = directory / "backends.yml"
    groups = {"ollama": {"hosts": listed["management"]["hosts"]}}
    path.write_text(yaml.safe_dump({"all": {"children": groups}}), encoding="utf-8")
    return path


def vllm_job(lab: Lab) -> dict[str, Any]:
    """Return how Prometheus asks vLLM: the role would, of a host with a card."""
    target = {"targets": [f"{lab.addresses[lab.management]}:{VLLM_PORT}"], "labels": {"instance": lab.management}}
    return {"job_name": "vllm", "static_configs": [target]}


def start(lab: Lab) -> None:
    """Start both, with a model each that somebody has asked something."""
    host = lab.management
    with tempfile.TemporaryDirectory() as directory:
        _send(host, _files(Path(directory)))
    run = "systemd-run --quiet --collect"
    settings = {
        "HOME": PLACE,
        "OLLAMA_MODELS": f"{PLACE}/store",
        "OLLAMA_HOST": lab.addresses[host],
        "OLLAMA_KEEP_ALIVE": "-1",
    }
    environment = " ".join(f"--setenv={name}={value}" for name, value in settings.items())
    lab.execute(host, f"{run} --unit=ollama-standin {environment} {PLACE}/ollama serve")
    arguments = f"{PLACE}/vllm-model --host {lab.addresses[host]} --served-model-name of-vllm"
    lab.execute(host, f"{run} --unit=vllm-standin --setenv=VLLM_STANDIN_CARDS=1 {PLACE}/vllm serve {arguments}")
    question = '{"model": "%s", "messages": [{"role": "user", "content": "Hello"}]}'
    for port, model in ((OLLAMA_PORT, "small"), (VLLM_PORT, "of-vllm")):
        url = f"{lab.address(host, port)}/v1/chat/completions"
        lab.execute(host, f"curl --silent --fail --retry 10 --retry-connrefused --json '{question % model}' {url}")


def _files(directory: Path) -> Path:
    """Make what both need."""
    models = directory / "models"
    llama_cpp_models.write(models, str(MODEL["folder"]), 1)
    manifest = manifests.read(models, str(MODEL["folder"]))
    assert manifest is not None
    plan = plans.Plan()
    plans.add(plan, MODEL, manifest, models)
    store.bring(str(directory / "store"), store.read(str(directory / "store")), plan)
    for name, program in (("ollama", archive.program("linux")), ("vllm", vllm.program())):
        (directory / name).write_bytes(program)
        (directory / name).chmod(0o755)
    (directory / "vllm-model").mkdir()
    (directory / "vllm-model/config.json").write_text("{}", encoding="utf-8")
    return directory


def _send(host: str, directory: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archived:
        archived.add(directory, ".")
    script = f"mkdir -p {PLACE}; tar -x -C {PLACE}; chmod 755 {PLACE}"
    argv = ["lab", "exec", host, "--", "/bin/sh", "-ec", script]
    subprocess.run(argv, input=packed.getvalue(), env=os.environ, capture_output=True, check=True)
