# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the kernel and nvidia-smi say, and the word for it; what nobody knows stays unknown."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus, reasons, smi

FIRST, SECOND = "0000:01:00.0", "0000:02:00.0"


@pytest.mark.parametrize(
    ("log", "found"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("usb 1-1: new device\nNVRM: loading NVIDIA UNIX x86_64 Kernel Module\n", {}, id="a-good-start"),
        # The number of an Xid comes after the second colon; the first digits are the address.
        pytest.param("NVRM: Xid (PCI:0000:79:00): 31, pid=4, MMU Fault\n", {}, id="another-xid"),
        pytest.param(
            "NVRM: Xid (PCI:0000:02:00): 79, pid=1122, GPU has fallen off the bus.\n", {SECOND: "lost"}, id="xid-79"
        ),
        pytest.param("NVRM: GPU 0000:02:00.0: GPU has fallen off the bus.\n", {SECOND: "lost"}, id="fallen"),
        pytest.param(
            "NVRM: The NVIDIA GPU 0000:02:00.0\nNVRM: (PCI ID: 10de:2204)\nNVRM: installed in this system has\n"
            "NVRM: fallen off the bus and is not responding to commands.\n",
            {SECOND: "lost"},
            id="fallen-before-the-driver-came",
        ),
        pytest.param(
            "NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x24:0xffff:1447)\n",
            {FIRST: "start_failed"},
            id="other-code",
        ),
        pytest.param(
            "NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:884)\n"
            "NVRM: GPU 0000:02:00.0: GPU has fallen off the bus.\n",
            {FIRST: "bar", SECOND: "lost"},
            id="two-cards",
        ),
        pytest.param("PKCS#7 signature not signed with a trusted key\n", {None: "unsigned"}, id="secure-boot"),
        # It is loaded all the same.
        pytest.param(
            "nvidia: module verification failed: signature and/or required key missing - tainting kernel\n",
            {},
            id="no-enforcement",
        ),
    ],
)
def test_the_log_of_the_kernel(log: str, found: dict[str | None, str]) -> None:
    assert {address: reason.key for address, reason in reasons.of_kernel(log).items()} == found


@pytest.mark.parametrize(
    ("status", "key"),
    [
        *((4, "permission"), (6, "no_device"), (8, "power_cable"), (9, "not_loaded"), (10, "interrupt")),
        *((12, "no_library"), (14, "inforom"), (15, "lost"), (18, "mismatch"), (127, "no_program"), (231, "unknown")),
    ],
)
def test_the_statuses_of_nvidia_smi(status: int, key: str) -> None:
    found = reasons.of_status(status, "Some words")
    assert found is not None
    assert found.key == key
    assert ('"Some words"' in found.what) == (key == "unknown")


def test_a_status_of_0_is_no_reason() -> None:
    assert reasons.of_status(0, "") is None


@pytest.mark.parametrize("key", reasons.REASONS)
def test_a_reason_is_the_end_of_a_sentence_and_its_cure_sentences(key: str) -> None:
    what, cure = reasons.REASONS[key]
    assert what[0].islower() or what.startswith(("Secure Boot", "CUDA", "MIG", "/dev"))
    assert not what.endswith(".")
    assert cure.endswith((".", "restart."))
    assert cure[0].isupper()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000:0C:00.0", "0000:0c:00.0"),
        ("0000:01:00.0", "0000:01:00.0"),
        ("0000:01:00", "0000:01:00.0"),
        ("00010000:01:00.0", "10000:01:00.0"),
        ("GPU0000:CB:00.0", "0000:cb:00.0"),
        ("NVIDIA L40S", None),
        ("", None),
    ],
)
def test_an_address_is_written_as_the_kernel_does(text: str, address: str | None) -> None:
    assert bus.normalized(text) == address


@pytest.mark.parametrize(
    ("line", "address", "key"),
    [
        ("Unable to determine the device handle for GPU0000:02:00.0: GPU is lost.  Reboot it", SECOND, "lost"),
        ("Unable to determine the device handle for GPU 0000:D8:00.0: Not Found", "0000:d8:00.0", "lost"),
        (
            "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error",
            "0000:34:00.0",
            "unknown_error",
        ),
        ("Unable to determine the device handle for GPU0000:02:00.0: Tired", SECOND, "unknown"),
    ],
)
def test_a_card_that_cannot_be_asked(line: str, address: str, key: str) -> None:
    answer = smi.read(f"00000000:01:00.0, 0\n{line}\n", ["index"])
    assert [row.address for row in answer.rows] == [FIRST]
    assert {place: reasons.of_words(words).key for place, words in answer.others.items()} == {address: key}


@pytest.mark.parametrize("words", ["GPU is lost", "GPU requires reset", "Unknown Error", "Insufficient Permissions"])
def test_words_in_the_place_of_values_are_trouble(words: str) -> None:
    (row,) = smi.read(f"00000000:01:00.0, 0, [{words}], [N/A]\n", ["index", "temperature.gpu", "fan.speed"]).rows
    assert (row.trouble, row.values["temperature.gpu"], row.values["fan.speed"]) == (words, None, None)


@pytest.mark.parametrize(
    "missing", ["N/A", "[N/A]", "[Not Supported]", "[Requested functionality has been deprecated]", ""]
)
def test_every_spelling_of_nothing_is_nothing(missing: str) -> None:
    (row,) = smi.read(f"00000000:01:00.0, {missing}\n", ["fan.speed"]).rows
    assert (row.trouble, row.values["fan.speed"]) == (None, None)


def test_what_is_no_row_is_none() -> None:
    assert smi.read("WARNING: infoROM is corrupted\n00000000:01:00.0, 1, 2\n", ["index"]).rows == []
