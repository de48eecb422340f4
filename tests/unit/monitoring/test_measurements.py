# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every measurement makes of what the programs print."""

from __future__ import annotations

import json
import plistlib

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError, Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import smi

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


class Devices(Commands):
    """A Linux host whose port is the one that is named."""

    def __init__(self, device: str, ethtool: str = "") -> None:
        self.device, self.ethtool = device, ethtool

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        assert stdin is None
        if argv == ["ethtool", self.device]:
            return Result(0, self.ethtool)
        assert argv[0] == "ip"
        shown = [{"ifname": self.device, "addr_info": [{"local": "192.168.1.12"}]}] if argv[2] == "address" else []
        return Result(0, json.dumps(shown))


@pytest.mark.parametrize(
    ("files", "samples"),
    [
        (
            {"speed": "1000", "duplex": "full", "carrier": "1"},
            ['lan_port_info{device="eno1",duplex="full",medium="Ethernet"} 1.0', "1000000000.0"],
        ),
        (
            {"speed": "-1", "duplex": "unknown", "carrier": "0"},
            ['lan_port_info{device="eno1",duplex="unknown",medium="Ethernet"} 1.0', "0.0"],
        ),
        # A speed that is not told has no figure.
        (
            {"speed": "-1", "duplex": "unknown", "carrier": "1"},
            ['lan_port_info{device="eno1",duplex="unknown",medium="Ethernet"} 1.0'],
        ),
    ],
    ids=["gigabit", "no link", "unknown"],
)
def test_lan_port(*, module, rendered, monkeypatch, tmp_path, files, samples):
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    folder = tmp_path / "sys/class/net/eno1"
    (folder / "device").mkdir(parents=True)
    for name, value in {"type": "1", **files}.items():
        (folder / name).write_text(f"{value}\n")
    speed = [f'lan_port_bits_per_second{{device="eno1",medium="Ethernet"}} {value}' for value in samples[1:]]
    measured = rendered(
        "measurements", module("measurements.lan_port").measure, "192.168.1.12", Devices("eno1"), "Linux"
    )
    assert measured == [samples[0], *speed]


def test_what_a_lan_port_could_do(module, rendered, monkeypatch, tmp_path):
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    folder = tmp_path / "sys/class/net/eno1"
    (folder / "device").mkdir(parents=True)
    for name, value in {"type": "1", "speed": "100", "duplex": "full", "carrier": "1"}.items():
        (folder / name).write_text(f"{value}\n")
    told = Devices("eno1", "\tSupported link modes:   100baseT/Full\n\t                        1000baseT/Full\n")
    measured = rendered("measurements", module("measurements.lan_port").measure, "192.168.1.12", told, "Linux")
    assert 'lan_port_capable_bits_per_second{device="eno1",medium="Ethernet"} 1000000000.0' in measured


def test_a_host_without_a_lan_port_is_a_measurement_that_fails(module, rendered):
    error = module("measurements.command").MeasurementError
    with pytest.raises(error, match="no port has the address"):
        rendered("measurements", module("measurements.lan_port").measure, "10.0.0.1", Devices("eno1"), "Linux")


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


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        ("Now drawing from 'AC Power'\n", ['mac_power_source_info{source="mains"} 1.0']),
        (
            "Now drawing from 'UPS Power'\n -UPS-1500VA (id=1)\t87%; discharging; 0:45 remaining present: true\n",
            [
                'mac_power_source_info{source="ups"} 1.0',
                'mac_battery_charge_ratio{battery="UPS-1500VA"} 0.87',
                'mac_battery_remaining_seconds{battery="UPS-1500VA"} 2700.0',
            ],
        ),
        (
            "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t53%; discharging; (no estimate)\n",
            [
                'mac_power_source_info{source="battery"} 1.0',
                'mac_battery_charge_ratio{battery="InternalBattery-0"} 0.53',
            ],
        ),
        ("Now drawing from 'Something New'\n", ['mac_power_source_info{source="unknown"} 1.0']),
    ],
    ids=["mains", "UPS", "battery", "unknown"],
)
def test_power_source(module, rendered, text, samples):
    assert rendered("measurements", module("measurements.power_source").read, text) == samples


def test_a_power_source_that_is_not_told_has_no_metric(module, rendered):
    error = module("measurements.command").MeasurementError
    with pytest.raises(error, match="does not say what feeds this Mac"):
        rendered("measurements", module("measurements.power_source").read, "No power sources\n")


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


@pytest.fixture
def servers(module, tmp_path, monkeypatch):
    """Processes: two made for cards with a model each, the router that has none, one made for the processor."""
    models = module("measurements.models")
    words = {
        11: ("b11429-cuda-12.8", ["llama-server", "--model", "/opt/models/a/a.gguf"]),
        12: ("b11434-cuda-sm70-built-1", ["llama-server", "--model", "/opt/models/b/b.gguf", "--port", "1"]),
        13: ("b11429-cuda-12.8", ["llama-server", "--models-preset", "models.ini"]),
        14: ("b11434", ["llama-server", "--model", "/opt/models/c/c.gguf"]),
    }
    for pid, (version, arguments) in words.items():
        program = tmp_path / "programs" / version / "llama-server"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch()
        process = tmp_path / "proc" / str(pid)
        process.mkdir(parents=True)
        (process / "exe").symlink_to(program)
        (process / "cmdline").write_text("\0".join(arguments) + "\0")
    monkeypatch.setattr(models, "PROCESSES", tmp_path / "proc")
    return models


class Driver(Commands):
    """What nvidia-smi says of processes; None is a host without it."""

    def __init__(self, said: Result | None) -> None:
        self.said = said

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        assert (argv, stdin) == (smi.PROCESSES, None)
        if self.said is None:
            raise CommandError("nvidia-smi is not installed on this host.")
        return self.said


@pytest.mark.parametrize(
    ("said", "beside"),
    [("11, 3000\n11, 3000\n12, 500\n", (0, 0)), ("11, [N/A]\n", (0, 1)), ("99, 1\n", (1, 1)), ("", (1, 1))],
)
def test_models_beside_a_card(servers, rendered, said, beside):
    assert rendered("measurements", servers.measure, Driver(Result(0, said))) == [
        f'model_beside_card{{backend="llama_cpp",model="{name}.gguf"}} {number:.1f}'
        for name, number in zip("ab", beside, strict=True)
    ]


def test_a_driver_that_does_not_answer_is_no_model_beside_a_card(servers, module, rendered):
    with pytest.raises(module("measurements.command").MeasurementError, match="failed with status 9: no driver"):
        rendered("measurements", servers.measure, Driver(Result(9, "no driver")))


def test_a_host_without_the_driver_has_nothing_to_tell(servers, rendered):
    assert rendered("measurements", servers.measure, Driver(None)) == []


def test_a_host_without_such_models_asks_nobody(servers, rendered, monkeypatch, tmp_path):
    monkeypatch.setattr(servers, "PROCESSES", tmp_path / "none")
    assert rendered("measurements", servers.measure, Driver(Result(9))) == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param(b"", "macmon printed no sample", id="nothing"),
        pytest.param(b"[1]\n", "macmon printed no sample", id="no sample"),
        pytest.param(b"half a {line\n", "Expecting value", id="no JSON"),
        pytest.param(None, "macmon failed with status 1", id="a failure"),
    ],
)
def test_what_powermetrics_knows_counts_where_macmon_says_nothing(
    *, module, rendered, monkeypatch, tmp_path, said, why
):
    power = module("measurements.power")
    program = tmp_path / "macmon"
    program.touch()

    def output(*argv, **_options):
        if argv[0] != str(program):
            return PLIST
        if said is None:
            raise power.MeasurementError(f"{argv[0]} failed with status 1: x")
        return said

    problems = []

    def measure(metrics):
        try:
            power.measure(metrics)
        except power.MeasurementError as error:
            problems.append(str(error))

    monkeypatch.setattr(power, "MACMON", (str(program),))
    monkeypatch.setattr(power, "output", output)
    assert 'mac_power_watts{component="cpu"} 1.5' in rendered("measurements", measure)
    assert len(problems) == 1
    assert why in problems[0]


@pytest.mark.parametrize("error", [IndexError("x"), AttributeError("x"), KeyError("x")], ids=lambda e: type(e).__name__)
def test_a_form_that_nobody_expected_stops_no_other_measurement(module, error):
    def fails(_metrics):
        raise error

    def works(metrics):
        metrics.add("mac_works", "Whether it works.", 1)

    page = module("measurements.__main__").Round({"x": (fails, 10), "y": (works, 10)}).run(0).render()
    assert "mac_works 1" in page
    assert 'measurement="x"} 0' in page
