# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The stand-in of nvidia-smi prints what was captured, and fails as the real one does; our reader reads both."""

from __future__ import annotations

import csv
import re

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import smi as reader

from lab.standins.nvidia.libcuda.build import CAPTURES
from lab.standins.nvidia.smi import captured
from tests.nvidia_host import H200, L40S, RTX_2080, RTX_4080, RTX_5090, V100, card, host

RECORDED = sorted(CAPTURES.glob("linux-*.txt"))
COMPOSED = sorted(CAPTURES.glob("composed__*.json"))


def sections(path):
    found = captured.sections(path.read_text(encoding="utf-8"))
    return {title.split(" (")[0]: body for title, body in found.items()}


def of(path, **more):
    """The machine of a capture."""
    capture = captured.read(path)
    entry = {
        "address": capture.idle["pci.bus_id"][4:].lower(),
        "device": f"{capture.device:#06x}",
        "mig": bool(capture.parts),
        **more,
    }
    flavour = "proprietary" if float(capture.idle["compute_cap"]) < 7.5 else "open"
    return {
        "cards": [entry],
        "driver": {"version": capture.driver, "flavour": flavour},
        "library": capture.driver,
    }


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
class TestWhatWasRecordedIsPrinted:
    def test_version(self, smi, path):
        assert smi(of(path), "--version") == (0, sections(path)["capabilities :: version"] + "\n")

    def test_list(self, smi, path):
        assert smi(of(path), "-L") == (0, sections(path)["capabilities :: list"] + "\n")

    @pytest.mark.parametrize("moment", ["idle", "load"])
    def test_query(self, smi, path, moment):
        head, line = sections(path)[f"{moment} :: query-gpu"].splitlines()[:2]
        fields = [name.split(" [")[0] for name in next(csv.reader([head], skipinitialspace=True))]
        status, text = smi(of(path, load=moment == "load"), f"--query-gpu={','.join(fields)}", "--format=csv")
        assert (status, text) == (0, f"{head}\n{line}\n")

    def test_table(self, smi, path):
        """But for what the real program measured again for the query, a moment later."""
        status, text = smi(of(path))
        recorded = sections(path)["idle :: nvidia-smi"].splitlines()
        assert status == 0
        for line in map(unmeasured, text.splitlines()):
            assert line in map(unmeasured, recorded)


def unmeasured(line: str) -> str:
    return re.sub(r" *\d+(C|W /|MiB /|%)", r" \1", line)


@pytest.mark.parametrize("path", [*RECORDED, *COMPOSED], ids=lambda path: path.stem)
def test_the_reader_reads_every_card(smi, path):
    state, capture = of(path), captured.read(path)
    versions = reader.versions(smi(state, "--version")[1])
    assert (versions.driver, versions.cuda) == (capture.driver, capture.cuda)
    assert reader.banner(smi(state)[1]) == reader.Versions(capture.driver, capture.driver, capture.cuda)
    fields = ["name", "memory.total", "temperature.memory", "compute_cap"]
    status, text = smi(state, *reader.query(fields)[1:])
    (row,) = reader.read(text, fields).rows
    assert status == 0
    assert row.address == capture.idle["pci.bus_id"][4:].lower()
    assert row.values["name"] == capture.idle["name"]
    assert reader.number(row.values["memory.total"]) == int(capture.idle["memory.total"].split()[0])
    assert (row.values["temperature.memory"] is None) == (capture.idle["temperature.memory"] in ("N/A", "[N/A]"))


def test_parts_of_a_card_are_listed(smi):
    (listed,) = reader.listed(smi(host(card(1, H200, mig=True)), "-L")[1])
    assert [profile for profile, _ in listed.parts] == ["1c.3g.71gb", "2c.3g.71gb", "2g.35gb", "1g.18gb", "1g.18gb"]


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        (host(card(1, L40S), loaded=False), 9, "couldn't communicate with the NVIDIA driver"),
        (host(card(1, L40S), library="595.80"), 18, "NVML library version: 595.80"),
        (host(card(1, L40S), library=None), 12, "couldn't find libnvidia-ml.so library"),
        (host(card(1, RTX_5090), flavour="proprietary", version="580.173.02"), 6, "No devices were found"),
        (host(card(1, V100), flavour="open", version="580.173.02"), 6, "No devices were found"),
        (host(card(1, V100), flavour="proprietary", version="595.71.05"), 6, "No devices were found"),
        (host(card(1, L40S), fault="permission"), 4, "Insufficient Permissions"),
        (host(card(1, L40S), fault="power_cable"), 8, "power cables"),
        (host(card(1, L40S), fault="interrupt"), 10, "interrupt"),
        (host(card(1, L40S), fault="inforom"), 14, "infoROM"),
        (host(card(1, L40S), fault="unknown_error"), 255, "Unknown Error"),
    ],
)
def test_it_fails(smi, state, status, text):
    found, said = smi(state, "-L")
    assert (found, text in said) == (status, True)


def test_one_lost_card_of_three_leaves_two_rows_and_a_line(smi):
    state = host(card(1, RTX_4080), card(2, RTX_4080, "lost"), card(3, RTX_2080))
    status, text = smi(state, *reader.query(["index", "name"])[1:])
    answer = reader.read(text, ["index", "name"])
    assert status == 15
    assert [(row.address, row.values["index"]) for row in answer.rows] == [("0000:01:00.0", "0"), ("0000:03:00.0", "2")]
    assert answer.others == {"0000:02:00.0": "GPU is lost. Reboot the system to recover this GPU"}


def test_a_field_that_no_driver_knows_is_refused(smi):
    assert smi(host(card(1, L40S)), "--query-gpu=name,foo", "--format=csv") == (
        2,
        'Field "foo" is not a valid field to query.\n\n',
    )
