# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies that the benchmark of the gateway compares, each on one processor, and the backend behind them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
import venv
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from hybrid_cluster.gateway import state_file
from hybrid_cluster.gateway.keys import Key
from tests.benchmarks.measurements import ROOT
from tests.contract.gateway_front.front import BACKEND, Front
from tests.contract.haproxy.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/v1/chat/completions"
MODEL = "small"
SECRET = "hc-" + "b" * 43
ANSWER = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "a" * 300}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
)
OTHERS, PROXY = ("taskset", "-c", "0"), ("taskset", "-c", str(min(1, (os.cpu_count() or 1) - 1)))
"""Where clients and the backend run, and where a proxy does."""
PLACES = 2000
"""More than there are clients; a model of llama.cpp always has a number."""
_CONNECTIONS = 8000
_SECONDS = 60
_NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 64k;
    {more}
}}
"""
_PASSING = """\
upstream backend {{ server 127.0.0.1:{backend}; keepalive 256; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port}{ssl};
        {certificate}
        location / {{
            proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
        }}
    }}"""
_HAPROXY = """\
global
    maxconn 8000
defaults
    mode http
    option http-no-delay
    timeout connect 2s
    timeout client 1h
    timeout server 1h
frontend front
    bind 127.0.0.1:{port}{ssl}
    default_backend backend
backend backend
    server backend 127.0.0.1:{backend}
"""


@dataclass(frozen=True)
class Proxy:
    """What runs."""

    port: int
    processes: tuple[int, ...]
    """Those whose processor time a request costs."""
    tls: bool = False
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{PATH}"


@contextlib.contextmanager
def _run(*words: str | Path, log: Path, **more: str) -> Iterator[int]:
    with log.open("ab") as out:
        environment = {**os.environ, **more}
        # Linux shares processors among sessions: each program has one of its own, so that all get as much.
        process = subprocess.Popen([*map(str, words)], stdout=out, stderr=out, env=environment, start_new_session=True)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _settled(port: int, log: Path) -> None:
    """Wait until somebody listens there."""
    deadline = time.monotonic() + _SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > deadline:
            sys.exit(f"Nobody listens at port {port}: {log.read_text()[-500:]}")
        time.sleep(0.1)


def _answers(url: str, log: Path) -> None:
    """Wait until somebody answers there as a backend does."""
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}).encode()
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    # The certificate is made for the measurement.
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    deadline = time.monotonic() + _SECONDS
    while True:
        with contextlib.suppress(OSError), opener.open(urllib.request.Request(url, body, headers), timeout=5):
            return
        if time.monotonic() > deadline:
            sys.exit(f"{url} does not answer: {log.read_text()[-500:]}")
        time.sleep(0.1)


def _certificate(folder: Path) -> Path:
    path = folder / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(path)]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "key.pem").read_text())
    return path


def _children(pid: int) -> tuple[int, ...]:
    return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@contextlib.contextmanager
def backend(folder: Path) -> Iterator[int]:
    """Run a backend that answers at once, and return its port."""
    folder.mkdir(parents=True)
    port, log = free_port(), folder / "log"
    listens = (
        f"server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{ANSWER}'; }} }}"
    )
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, more=listens))
    with _run(*OTHERS, "nginx", "-c", folder / "nginx.conf", log=log):
        _answers(f"http://127.0.0.1:{port}{PATH}", log)
        yield port


@contextlib.contextmanager
def nginx(folder: Path, backend: int, *, tls: bool) -> Iterator[Proxy]:
    """Run an nginx that only passes requests on."""
    folder.mkdir(parents=True)
    port, log = free_port(), folder / "log"
    pem = _certificate(folder) if tls else None
    given = {"backend": backend, "port": port, "ssl": " ssl" if tls else ""}
    words = f"ssl_certificate {pem}; ssl_certificate_key {pem};" if tls else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, more=_PASSING.format(certificate=words, **given)))
    with _run(*PROXY, "nginx", "-c", folder / "nginx.conf", log=log) as pid:
        _settled(port, log)
        yield Proxy(port, _children(pid), tls)


@contextlib.contextmanager
def haproxy(folder: Path, backend: int, *, tls: bool) -> Iterator[Proxy]:
    """Run a HAProxy that only passes requests on."""
    folder.mkdir(parents=True)
    port, log = free_port(), folder / "log"
    words = f" ssl crt {_certificate(folder)} alpn http/1.1" if tls else ""
    (folder / "haproxy.cfg").write_text(_HAPROXY.format(port=port, backend=backend, ssl=words))
    with _run(*PROXY, "haproxy", "-db", "-f", folder / "haproxy.cfg", log=log) as pid:
        _settled(port, log)
        yield Proxy(port, (pid,), tls)


@contextlib.contextmanager
def gateway(folder: Path, backend: int, keys: int, *, tls: bool = False) -> Iterator[Proxy]:
    """Run the gateway: its control plane and the HAProxy before it, with so many keys."""
    folder.mkdir(parents=True)
    control, log = free_port(), folder / "log"
    member = {"backend": "llama_cpp", "address": f"http://127.0.0.1:{backend}", "model": MODEL}
    model = {"name": MODEL, "direct": BACKEND, "members": [member], "slots": PLACES}
    configuration = {
        "listen": [{"host": "127.0.0.1", "port": control}],
        "metrics": {"host": "127.0.0.1", "port": free_port()},
        "keys": "keys.json",
        "usage": "usage.json",
        "front": "gateway-sockets/master",
        "models": [model],
    }
    (folder / "gateway.json").write_text(json.dumps(configuration))
    secrets = [SECRET, *(f"hc-{number:043}" for number in range(keys - 1))]
    made = [
        asdict(Key(f"key{number}", hashlib.sha256(secret.encode()).hexdigest(), time.time()))
        for number, secret in enumerate(secrets)
    ]
    state_file.write(folder / "keys.json", {"version": 1, "keys": made})
    gate = SimpleNamespace(gateway=SimpleNamespace(addresses=[("127.0.0.1", control)]))
    program = shutil.which("haproxy")
    assert program
    front = Front(program, folder, gate, [{**model, "aliases": []}])
    many = {"gateway_connections": _CONNECTIONS, "gateway_client_connections": _CONNECTIONS}
    (folder / "etc").mkdir()
    if tls:
        _certificate(folder / "etc")
    front.write(**many, gateway_certificate="given" if tls else None)
    module = (sys.executable, "-m", "hybrid_cluster.gateway", folder / "gateway.json")
    with _run(*PROXY, *module, log=log, PYTHONPATH=str(ROOT / "src")) as pid:
        asyncio.run(front.start(PROXY))
        try:
            # Programs on the host itself reach it without TLS.
            host = "127.0.0.2" if tls else "127.0.0.1"
            url = Proxy(front.port, (), tls, host).url
            _answers(url, log)
            asyncio.run(_passes(front, url))
            (worker, *_) = asyncio.run(front.told.workers())
            yield Proxy(front.port, (worker, pid), tls, host)
        finally:
            asyncio.run(front.stop())


async def _passes(front: Front, url: str) -> None:
    """Wait until requests go past the control plane, for which its first words to HAProxy are enough."""
    deadline = time.monotonic() + _SECONDS
    before = await front.passed()
    while await front.passed() == before:
        if time.monotonic() > deadline:
            sys.exit("HAProxy passes no request on.")
        await asyncio.to_thread(_answers, url, front.log)


@contextlib.contextmanager
def speaker(folder: Path) -> Iterator[int]:
    """Run a backend that says in each chunk when it was sent."""
    folder.mkdir(parents=True)
    port, log = free_port(), folder / "log"
    with _run(*OTHERS, sys.executable, "-m", "tests.benchmarks.gateway_speaker", port, log=log):
        _answers(f"http://127.0.0.1:{port}{PATH}", log)
        yield port


def litellm(folder: Path, backend: int) -> contextlib.AbstractContextManager[Proxy] | None:
    """Return LiteLLM's proxy with one worker, in an environment that is kept; None where that cannot be made."""
    home = ROOT / "build/litellm"
    program = home / "bin/litellm"
    if not program.exists():
        venv.create(home, with_pip=True)
        words = [home / "bin/pip", "install", "--quiet", "litellm[proxy]"]
        if subprocess.run(words, check=False).returncode:
            shutil.rmtree(home)
            return None
    return _litellm(folder, program, backend)


@contextlib.contextmanager
def _litellm(folder: Path, program: Path, backend: int) -> Iterator[Proxy]:
    folder.mkdir(parents=True)
    port, log = free_port(), folder / "log"
    to = {"model": f"openai/{MODEL}", "api_base": f"http://127.0.0.1:{backend}/v1", "api_key": "none"}
    described = {
        "model_list": [{"model_name": MODEL, "litellm_params": to}],
        "general_settings": {"master_key": SECRET},
    }
    # JSON is YAML.
    (folder / "litellm.yaml").write_text(json.dumps(described))
    words = (*PROXY, program, "--config", folder / "litellm.yaml", "--host", "127.0.0.1", "--port", port)
    with _run(*words, "--num_workers", "1", "--telemetry", "False", log=log, LITELLM_LOG="ERROR") as pid:
        _answers(f"http://127.0.0.1:{port}{PATH}", log)
        yield Proxy(port, (pid, *_children(pid)))
