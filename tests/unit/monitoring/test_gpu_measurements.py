# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The figures of NVIDIA GPUs: those that nvidia_gpu_exporter makes of the same output, and more where it fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands, Result

from lab.standins.nvidia.libcuda.build import CAPTURES
from lab.standins.nvidia.smi import captured
from tests import nvidia_host

REPOSITORY = Path(__file__).parents[3]
EXPORTED = json.loads((Path(__file__).parent / "nvidia_gpu_exporter-1.14.0.json").read_text(encoding="utf-8"))[
    "samples"
]
LOST = (
    "Unable to determine the device handle for GPU0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU\n"
)


class Smi(Commands):
    """A driver that answers from a capture, with whatever it says besides."""

    def __init__(self, *rows: dict[str, str], more: str = "", rc: int = 0, unknown: tuple[str, ...] = ()) -> None:
        self.rows, self.more, self.rc, self.unknown = rows, more, rc, unknown

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        asked = argv[1].partition("=")[2].split(",")
        refused = next((name for name in asked if name in self.unknown), None)
        if refused:
            return Result(2, f'Field "{refused}" is not a valid field to query.\n\n')
        lines = [", ".join(plain(row[name]) for name in asked) + "\n" for row in self.rows]
        return Result(self.rc, "".join(lines) + self.more)


def plain(value: str) -> str:
    number, _, unit = value.partition(" ")
    return number if unit in {"MiB", "W", "MHz", "%"} else value


def card(name: str, moment: str = "idle") -> dict[str, str]:
    capture: dict[str, str] = getattr(captured.read(CAPTURES / f"{name}.txt"), moment)
    return capture


@pytest.fixture
def samples(module, rendered, tmp_path, monkeypatch):
    """Measure on a host with so many cards on its bus."""

    def measure(port: Commands, cards: int = 1) -> dict[str, str]:
        nvidia_host.write(tmp_path, nvidia_host.host(*(nvidia_host.card(i + 1, "0x26b9") for i in range(cards))))
        monkeypatch.setattr(_files, "ROOT", str(tmp_path))
        lines = rendered("measurements", module("measurements.gpu").measure, port)
        return dict(line.rsplit(" ", 1) for line in lines)

    return measure


@pytest.mark.parametrize("moment", ["idle", "load"])
@pytest.mark.parametrize("name", EXPORTED)
def test_the_figures_are_those_of_the_exporter(samples, name, moment):
    row = card(name, moment)
    found = samples(Smi(row))
    address = row["pci.bus_id"][4:].lower()
    labels = f'{{gpu="{address}",uuid="00000000-0000-0000-0000-000000000000"}}'
    exported = {f"nvidia_smi_{metric}{labels}": value for metric, value in EXPORTED[name][moment].items()}
    ours = {key: float(value) for key, value in found.items() if key.endswith(labels)}
    assert ours == pytest.approx(exported)


L40S = "linux-x86_64__nvidia-l40s__595.80"


def test_a_card_has_its_names(samples):
    assert (
        'nvidia_smi_gpu_info{compute_cap="8.9",driver_version="595.80",gpu="0000:01:00.0",index="0",'
        'name="NVIDIA L40S",uuid="00000000-0000-0000-0000-000000000000"}'
    ) in samples(Smi(card(L40S)))


def test_rows_that_are_rows_count_when_one_card_is_lost(samples):
    found = samples(Smi(card(L40S), more=LOST, rc=15), cards=2)
    assert found["nvidia_pci_gpus"] == "2.0"
    assert found["nvidia_smi_gpus"] == "1.0"
    assert found["nvidia_smi_command_exit_code"] == "15.0"
    assert sum(name.startswith("nvidia_smi_temperature_gpu") for name in found) == 1


def test_a_card_that_says_it_is_lost_in_place_of_values_does_not_count(samples):
    row = {**card(L40S), "pci.bus_id": "00000000:02:00.0", "temperature.gpu": "[GPU is lost]"}
    assert samples(Smi(card(L40S), row))["nvidia_smi_gpus"] == "1.0"


def test_a_field_that_an_older_driver_lacks_takes_no_other_with_it(samples):
    row: dict[str, Any] = card(L40S)
    row = {**row, **{name.replace("event", "throttle"): value for name, value in row.items()}}
    new = tuple(name for name in row if name.startswith("clocks_event_reasons"))
    found = samples(Smi(row, unknown=("gpu_recovery_action", *new)))
    assert not any("recovery_action" in name for name in found)
    assert sum("clocks_event_reasons_hw_thermal_slowdown" in name for name in found) == 1
    assert found["nvidia_smi_gpus"] == "1.0"


def test_a_word_that_nobody_knows_is_no_figure(samples):
    row = {**card(L40S), "gpu_recovery_action": "Reflow", "persistence_mode": "Maybe", "pstate": "Q1"}
    found = samples(Smi(row))
    assert not any(word in name for name in found for word in ("recovery_action", "persistence_mode", "pstate"))


@pytest.mark.parametrize(
    ("port", "message"),
    [
        (Smi(rc=9), "nvidia-smi fails because the driver is not loaded"),
        (Smi(rc=18), "nvidia-smi fails because the driver's library and the loaded module are of different versions"),
        (Smi(rc=77, more="What?"), 'nvidia-smi fails because .* \\(nvidia-smi ended with 77 and said "What\\?"\\)'),
    ],
)
def test_a_driver_that_fails_is_a_failed_measurement(module, samples, port, message):
    with pytest.raises(module("measurements.command").MeasurementError, match=message):
        samples(port)


def test_a_host_without_the_driver_has_no_figures(samples):
    class Nothing(Commands):
        def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
            raise CommandError(f"{argv[0]} is not installed on this host.")

    assert samples(Nothing(), cards=0) == {}


class Driver(Commands):
    """Two cards, of which CUDA finds what it is told to."""

    def __init__(self, *devices: dict[str, Any]) -> None:
        self.devices = devices

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        if stdin is None:
            return Result(0)
        found = {"library": "595.71.06", "cuda": 13020, "failed": None, "devices": self.devices, "files": {}}
        return Result(0, json.dumps(found))


def test_a_card_that_does_not_compute_is_told_with_its_reason(module, rendered, tmp_path, monkeypatch):
    nvidia_host.write(tmp_path, nvidia_host.host(*(nvidia_host.card(number, "0x26b9") for number in (1, 2, 3))))
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    full = {"address": "0000:03:00.0", "computes": False, "failed": {"call": "cuMemAlloc_v2", "code": 2}}
    wrong = {"address": "0000:02:00.0", "computes": False, "failed": None}
    port = Driver({"address": "0000:01:00.0", "computes": True, "failed": None}, wrong, full)
    assert rendered("measurements", module("measurements.cuda").measure, port) == [
        'nvidia_cuda_proved{gpu="0000:01:00.0",name="L40S",reason="",says=""} 1.0',
        'nvidia_cuda_proved{gpu="0000:02:00.0",name="L40S",reason="wrong_sum",says="it computes wrong sums"} 0.0',
        'nvidia_library_matches{driver="595.71.05",library="595.71.06"} 0.0',
    ]


def test_a_host_without_a_card_proves_nothing(module, rendered, tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    assert rendered("measurements", module("measurements.cuda").measure, Driver()) == []


def test_what_the_role_ships_beside_the_measurements_is_all_that_they_import(library, tmp_path):
    variables = yaml.safe_load((REPOSITORY / "roles/node_exporter/vars/main.yml").read_text(encoding="utf-8"))
    shutil.copytree(library / "measurements", tmp_path / "measurements")
    for name in variables["__node_exporter_modules"]:
        target = tmp_path / "ansible_collections/hybrid_ai/cluster/plugins/module_utils" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "plugins/module_utils" / name, target)
    # Without what is installed here, and in another folder than the checkout.
    argv = [sys.executable, "-S", "-m", "measurements", f"--file={tmp_path}/x.prom", "--once", "--only=[]"]
    done = subprocess.run(
        argv, env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
