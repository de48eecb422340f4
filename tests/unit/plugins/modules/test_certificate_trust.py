# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""certificate_trust: Debian's store, and the bundle of a Mac."""

from __future__ import annotations

import pytest

from tests.unit.plugins.harness import call

PEM = "-----BEGIN CERTIFICATE-----\nb25l\n-----END CERTIFICATE-----\n"
ROOTS = "-----BEGIN CERTIFICATE-----\ncm9vdA==\n-----END CERTIFICATE-----\n"
ARGUMENTS = {"name": "cache", "content": PEM, "directory": "/relay"}
LINUX_FILE, LINUX_BUNDLE = "usr/local/share/ca-certificates/cache.crt", "etc/ssl/certs/ca-certificates.crt"
MAC_FILE, MAC_BUNDLE, MAC_ROOTS = "relay/cache.pem", "relay/ca-bundle.pem", "etc/ssl/cert.pem"
UPDATE = ["/usr/sbin/update-ca-certificates"]
VERIFY = ["/usr/bin/security", "verify-cert", "-c", "/relay/cache.pem", "-p", "ssl"]
NOT_TRUSTED = call(VERIFY, rc=1, err="Cert Verify Result: CSSMERR_TP_NOT_TRUSTED\n")


@pytest.fixture
def host(host_files):
    """Return a way to put files on the host."""

    def put(**files):
        for path, content in {LINUX_FILE: None, LINUX_BUNDLE: None, MAC_FILE: None, **files}.items():
            (host_files / path).parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                (host_files / path).write_text(content)
        return host_files

    return put


@pytest.mark.parametrize(
    ("files", "state", "steps"),
    [
        pytest.param({LINUX_BUNDLE: ROOTS}, "present", ["write", "update"], id="new"),
        pytest.param({LINUX_BUNDLE: ROOTS + PEM, LINUX_FILE: PEM}, "present", [], id="there"),
        pytest.param({LINUX_BUNDLE: ROOTS, LINUX_FILE: PEM}, "present", ["update"], id="a run was cut off"),
        pytest.param({LINUX_BUNDLE: ROOTS + ROOTS, LINUX_FILE: ROOTS}, "present", ["write", "update"], id="renewed"),
        pytest.param({LINUX_BUNDLE: ROOTS + PEM, LINUX_FILE: PEM}, "absent", ["remove", "update"], id="removed"),
        pytest.param({LINUX_BUNDLE: ROOTS}, "absent", [], id="gone"),
    ],
)
@pytest.mark.parametrize("check", [False, True], ids=["apply", "check"])
def test_linux(run_module, host, files, state, *, steps, check):
    root = host(**files)
    effect = (root / LINUX_BUNDLE).write_text
    fresh = ["--fresh"] if "remove" in steps else []
    calls = [call([*UPDATE, *fresh], effect=lambda: effect(ROOTS + PEM))] if "update" in steps and not check else []
    result = run_module("certificate_trust", {**ARGUMENTS, "state": state}, calls, check=check, system="Linux")
    assert (result["changed"], result["steps"]) == (bool(steps), steps)
    assert result["bundle"] == f"/{LINUX_BUNDLE}"
    if not check:
        assert (root / LINUX_FILE).exists() == (state == "present")


def test_linux_reads_back(run_module, host):
    host(**{LINUX_BUNDLE: ROOTS})
    result = run_module("certificate_trust", ARGUMENTS, [call(UPDATE)], system="Linux")
    assert "did not put /usr/local/share/ca-certificates/cache.crt into" in result["msg"]


@pytest.mark.parametrize(
    ("files", "calls", "changed", "system"),
    [
        pytest.param({}, [NOT_TRUSTED], True, False, id="new"),
        pytest.param({MAC_FILE: PEM, MAC_BUNDLE: ROOTS + PEM}, [NOT_TRUSTED], False, False, id="there"),
        pytest.param({MAC_FILE: PEM, MAC_BUNDLE: PEM}, [NOT_TRUSTED], True, False, id="macOS brought new roots"),
        pytest.param({MAC_FILE: PEM, MAC_BUNDLE: ROOTS + PEM}, [call(VERIFY)], False, True, id="trusted by hand"),
        pytest.param({MAC_FILE: PEM, MAC_BUNDLE: ROOTS + PEM}, [call(VERIFY, hangs=True)], False, False, id="it hangs"),
    ],
)
def test_mac(run_module, host, files, calls, *, changed, system):
    root = host(**{MAC_ROOTS: ROOTS, **files})
    result = run_module("certificate_trust", ARGUMENTS, calls)
    assert (result["changed"], result["system"], result["bundle"]) == (changed, system, "/relay/ca-bundle.pem")
    assert (root / MAC_BUNDLE).read_text() == ROOTS + PEM
    assert (root / MAC_FILE).read_text() == PEM


def test_mac_in_check_mode_writes_and_asks_nothing(run_module, host):
    root = host(**{MAC_ROOTS: ROOTS})
    assert run_module("certificate_trust", ARGUMENTS, [], check=True)["changed"]
    assert not (root / MAC_BUNDLE).exists()


@pytest.mark.parametrize(
    ("answer", "system"),
    [pytest.param(NOT_TRUSTED, False, id="told by nobody"), pytest.param(call(VERIFY), True, id="trusted by hand")],
)
def test_mac_takes_it_back_and_says_what_only_a_person_can(run_module, host, answer, *, system):
    root = host(**{MAC_ROOTS: ROOTS, MAC_FILE: PEM, MAC_BUNDLE: ROOTS})
    gone = {**ARGUMENTS, "state": "absent"}
    predicted = run_module("certificate_trust", gone, [answer], check=True)
    assert (root / MAC_FILE).exists()
    result = run_module("certificate_trust", gone, [answer])
    assert (predicted["changed"], predicted["system"]) == (result["changed"], result["system"]) == (True, system)
    assert list((root / "relay").iterdir()) == []
    again = run_module("certificate_trust", gone, [])
    assert (again["changed"], again["system"]) == (False, False)


def test_a_mac_without_roots_is_a_sentence(run_module, host):
    host()
    assert "has no /etc/ssl/cert.pem" in run_module("certificate_trust", ARGUMENTS, [])["msg"]
