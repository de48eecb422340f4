# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""When certificates end, as the openssl of this machine reads them."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.unit.roles.render import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


def certificate(path: Path, *words: str) -> str:
    """Make a certificate that ends in ten days."""
    made = ["-newkey", "rsa:2048", "-nodes", "-days", "10", "-keyout", "/dev/null", "-out", str(path), *words]
    subprocess.run(["openssl", "req", "-x509", *made], check=True, capture_output=True)
    return str(path)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["-subj", "/CN=home download cache"], id="an authority"),
        # What people get for a server may have no name but alternative ones.
        pytest.param(["-subj", "/", "-addext", "subjectAltName=DNS:models.example"], id="without a name"),
    ],
)
def test_its_end(
    module: Callable[[str], ModuleType], rendered: Callable[..., list[str]], tmp_path: Path, words: list[str]
) -> None:
    paths = {"cache": certificate(tmp_path / "ca.pem", *words), "gateway": str(tmp_path / "missing.pem")}
    (line,) = rendered("measurements", module("measurements.certificates").measure, paths)
    name, _, value = line.rpartition(" ")
    assert name == 'certificate_end_timestamp_seconds{certificate="cache"}'
    assert float(value) == pytest.approx(time.time() + 10 * 86400, abs=120)


def test_one_that_cannot_be_read_is_told_and_the_others_are_measured(
    module: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate\n", encoding="utf-8")
    metrics = module("measurements.exposition").Metrics()
    paths = {"broken": str(broken), "good": certificate(tmp_path / "good.pem", "-subj", "/CN=good")}
    with pytest.raises(
        module("measurements.command").MeasurementError, match=r"no certificate can be read in .*broken"
    ):
        module("measurements.certificates").measure(metrics, paths)
    assert 'certificate="good"' in metrics.render()


VALUES = {
    "squid_state": "present",
    "squid_interception": True,
    "proxy_client_state": "present",
    "gateway_state": "present",
    "gateway_certificate": None,
    "__squid_certificate": "/ca.pem",
    "__proxy_client_ca_file": "/trusted.pem",
    "__gateway_front_etc": "/front",
    "group_names": ["management"],
}
ALL = {"cache": "/ca.pem", "cache_as_trusted": "/trusted.pem", "gateway": "/front/certificate.pem"}


@pytest.mark.parametrize(
    ("values", "names"),
    [
        pytest.param({}, {"cache", "cache_as_trusted"}, id="management node"),
        pytest.param({"gateway_certificate": "PEM"}, set(ALL), id="with TLS at the gateway"),
        pytest.param(
            {"gateway_certificate": "PEM", "gateway_state": "absent"}, {"cache", "cache_as_trusted"}, id="no gateway"
        ),
        pytest.param({"group_names": ["linux"], "gateway_certificate": "PEM"}, {"cache_as_trusted"}, id="worker"),
        pytest.param({"squid_interception": False}, set(), id="nothing is opened"),
        pytest.param({"squid_state": "absent", "proxy_client_state": "absent"}, set(), id="no cache"),
    ],
)
def test_which_are_measured_where(values: dict[str, object], names: set[str]) -> None:
    (found,) = render("node_exporter", "__node_exporter_certificates", **{**VALUES, **values})
    assert found == {name: ALL[name] for name in names}
