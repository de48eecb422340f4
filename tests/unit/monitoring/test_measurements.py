# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every measurement makes of what the programs print."""

from __future__ import annotations

import plistlib

import pytest

from tests.unit.plugins.recorded import recorded

PLIST = plistlib.dumps(
    {"thermal_pressure": "Heavy", "processor": {"cpu_energy": 1500, "gpu_energy": 200, "ane_energy": 0}}
)
MACMON = {"cpu_power": 0.2, "sys_power": 4.2, "temp": {"cpu_temp_avg": 38.4}, "gpu_active_ratio": 0.25}


@pytest.mark.parametrize(
    ("power", "samples"),
    [
        (False, ["mac_thermal_pressure_level 2.0"]),
        (
            True,
            [
                "mac_thermal_pressure_level 2.0",
                'mac_power_watts{component="cpu"} 1.5',
                'mac_power_watts{component="gpu"} 0.2',
                'mac_power_watts{component="ane"} 0.0',
            ],
        ),
    ],
    ids=["macmon knows the power", "alone"],
)
def test_powermetrics(module, rendered, power, samples):
    power_module = module("measurements.power")
    assert rendered("measurements", power_module.from_powermetrics, PLIST + b"\0", power=power) == samples


def test_powermetrics_without_a_property_list(module, rendered):
    power, error = module("measurements.power"), module("measurements.command").MeasurementError
    with pytest.raises(error, match="powermetrics printed no property list"):
        rendered("measurements", power.from_powermetrics, b"hello", power=False)


@pytest.mark.parametrize(
    ("more", "usage"),
    [({}, "0.25"), ({"gpu_active_ratio": None, "gpu_usage": [338, 0.5]}, "0.5")],
    ids=["0.8", "before 0.8"],
)
def test_macmon(module, rendered, more, usage):
    sample = {key: value for key, value in {**MACMON, **more}.items() if value is not None}
    assert rendered("measurements", module("measurements.power").from_macmon, sample) == [
        'mac_power_watts{component="cpu"} 0.2',
        'mac_power_watts{component="sys"} 4.2',
        'mac_temperature_celsius{sensor="cpu"} 38.4',
        f"mac_gpu_active_ratio {usage}",
    ]


def test_thunderbolt(module, rendered):
    profile = recorded("system_profiler-thunderbolt.macos-26.json")
    ports = recorded("networksetup-listallhardwareports.macos-26.txt")
    samples = rendered("measurements", module("measurements.thunderbolt").read, profile, ports)
    assert 'mac_thunderbolt_connected{device="en2",receptacle="1"} 1.0' in samples
    assert 'mac_thunderbolt_link_bits_per_second{device="en4",receptacle="3"} 40000000000.0' in samples
    assert any(sample.endswith(" 0.0") and "connected" in sample for sample in samples)


def test_pmset(module, rendered):
    text = recorded("pmset-g-custom.macos-26.5.txt")
    samples = rendered("measurements", module("measurements.power_settings").read, text)
    assert any(sample.startswith('mac_power_setting{setting="sleep"} ') for sample in samples)
    assert not any("Button" in sample for sample in samples)


@pytest.mark.parametrize("others", [["Battery Power", "UPS Power"], ["UPS Power", "Battery Power"]], ids=" ".join)
def test_pmset_of_mains_power_alone(module, rendered, others):
    sections = [f"{others[0]}:\n sleep                1\n", "AC Power:\n sleep                0\n"]
    text = "".join([*sections, f"{others[1]}:\n sleep                5\n powernap             1\n"])
    samples = rendered("measurements", module("measurements.power_settings").read, text)
    assert samples == ['mac_power_setting{setting="sleep"} 0.0']


def test_pmset_without_mains_power_has_no_metric(module, rendered):
    error = module("measurements.command").MeasurementError
    with pytest.raises(error, match="pmset says nothing of mains power"):
        rendered("measurements", module("measurements.power_settings").read, "Warning: no power sources\n")


@pytest.mark.parametrize(
    ("text", "enabled", "pending"),
    [
        ("FileVault is Off.\n", 0, 0),
        ("FileVault is On.\nDecryption in progress: 3 %\n", 1, 0),
        ("FileVault is On, but needs to be restarted to finish.\n", 1, 0),
        ("FileVault is Off.\nDeferred enablement appears to be active for user 'alex'.\n", 0, 1),
        ("FileVault is Off, but will be enabled after the next restart.\n", 0, 1),
        ("FileVault is Off.\nEncryption in progress: Percent completed = 0.5\n", 0, 1),
    ],
)
def test_filevault(module, rendered, text, enabled, pending):
    assert rendered("measurements", module("measurements.filevault").read, text) == [
        f"mac_filevault_enabled {enabled:.1f}",
        f"mac_filevault_pending {pending:.1f}",
    ]


@pytest.mark.parametrize(
    "text", ["busy", "", "FileVault is Off.\nA profile turns it on at noon.\n", "FileVault ist aus.\n"]
)
def test_filevault_that_says_what_nobody_knows_has_no_metric(module, rendered, text):
    error = module("measurements.command").MeasurementError
    with pytest.raises(error, match="neither on nor off"):
        rendered("measurements", module("measurements.filevault").read, text)


def test_gpu(module, rendered):
    line = "0, NVIDIA GeForce RTX 4090, 7, 1024, 24564, 41, 24.31, [N/A], 210\n"
    assert rendered("measurements", module("measurements.gpu").read, line) == [
        "nvidia_smi_gpus 1.0",
        'nvidia_smi_gpu_info{gpu="0",name="NVIDIA GeForce RTX 4090"} 1.0',
        'nvidia_smi_utilization_gpu_ratio{gpu="0"} 0.07',
        'nvidia_smi_memory_used_bytes{gpu="0"} 1073741824.0',
        'nvidia_smi_memory_total_bytes{gpu="0"} 25757220864.0',
        'nvidia_smi_temperature_gpu{gpu="0"} 41.0',
        'nvidia_smi_power_draw_watts{gpu="0"} 24.31',
        'nvidia_smi_clocks_current_sm_clock_hz{gpu="0"} 210000000.0',
    ]


def test_a_measurement_that_fails_is_a_figure_and_is_told_once(module, capsys):
    def fails(_metrics):
        raise module("measurements.command").MeasurementError("no such thing")

    rounds = module("measurements.__main__").Round({"x": (fails, 10)})
    for now in (0.0, 5.0, 20.0):
        page = rounds.run(now).render()
        assert 'measurement_success{measurement="x"} 0.0' in page
    assert capsys.readouterr().err.count("x cannot be measured: no such thing") == 1


def test_each_is_measured_at_its_own_pace(module):
    times = []
    rounds = module("measurements.__main__").Round({"x": (lambda _metrics: times.append(1), 10)})
    for now in (0.0, 5.0, 10.0, 15.0):
        rounds.run(now)
    assert len(times) == 2


def test_the_file_is_replaced_in_one_step(module, tmp_path):
    path = tmp_path / "x.prom"
    module("measurements.__main__").write(path, "a 1\n")
    assert path.read_text() == "a 1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.prom"]
