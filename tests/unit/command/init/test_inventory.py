# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""From the answers of machines to an inventory on the disk: new, again, in a person's own words, refused."""

from __future__ import annotations

import shutil

import pytest
import yaml

from hybrid_cluster.command import exits
from hybrid_cluster.command.apply import lock
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.init import asking, existing, files, finding, gather, models
from hybrid_cluster.command.init.finding import Announced, Place
from hybrid_cluster.command.init.machine import parse
from tests.example_inventories import EXAMPLE, variables
from tests.unit.command.init import macs
from tests.unit.command.init.test_machine import LINUX

RING = [{"mini1": 1, "mini2": 3}, {"mini2": 1, "mini3": 2}, {"mini1": 3, "mini3": 1}]
ANSWERS = ("--search", "0", "--yes", "--models", "none")


class Lan:
    """Machines that answer, by address, and what was asked."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        self.logins: list[asking.Login] = []

    def cable(self, links, *hosts: str) -> None:
        """Have hosts mini1 and so on answer, cabled like this."""
        for host in hosts:
            number = int(host.removeprefix("mini")) + 10
            said = macs.profile(*macs.buses(host, [link for link in links if host in link]))
            self.said[f"192.168.1.{number}"] = macs.answer(host, number, said)

    def ask(self, hosts, sources, places, login, folder) -> asking.Answers:
        """Answer instead of Ansible."""
        self.logins.append(login)
        where = {host: variables(folder_of(sources))[host]["ansible_host"] for host in hosts}
        where |= {f"new{number}": place.address for number, place in enumerate(places)}
        found = asking.Answers()
        for name, address in where.items():
            machine = parse(self.said.get(address, ""))
            if machine is None:
                found.silent[name] = f"{address} does not answer."
            else:
                found.machines[name] = machine
        return found


def folder_of(sources):
    return next(iter(sources))


@pytest.fixture
def lan(monkeypatch):
    known = Lan()
    monkeypatch.setattr(asking, "ask", known.ask)
    monkeypatch.setattr(finding, "browse", lambda seconds: [])
    return known


@pytest.fixture
def unchecked(monkeypatch):
    """Leave the validation out, which the other tests run."""
    monkeypatch.setattr(files, "mistakes", lambda folder: [])


@pytest.fixture
def stocked(monkeypatch, hub):
    """Have a hub know all models that are proposed."""
    address, said_of = hub
    monkeypatch.setenv("HF_ENDPOINT", address)
    for offer in models.OFFERS:
        said_of[offer.repository] = {"sha": "7f" * 20, "cardData": {"license": "apache-2.0"}}


def addresses(*hosts: str) -> list[str]:
    return [word for host in hosts for word in ("--address", f"192.168.1.{int(host.removeprefix('mini')) + 10}")]


def links_of(folder):
    return yaml.safe_load((folder / "group_vars/all.yml").read_text())["thunderbolt_links"]


def test_a_new_inventory_passes_the_validation(here, lan, tmp_path):
    folder = tmp_path / "home"
    lan.cable(RING, "mini1", "mini2", "mini3")
    said = here("init", "-i", str(folder), *ANSWERS, *addresses("mini1", "mini2", "mini3"), "--json")
    assert (said.code, said.err) == (exits.OK, "")
    assert said.json["written"]
    assert said.json["links"] == links_of(folder)
    assert sorted(map(sorted, map(dict.items, links_of(folder)))) == sorted(map(sorted, map(dict.items, RING)))
    written = variables(folder)
    assert written["mini1"]["ansible_host"] == "192.168.1.11"
    assert (written["mini1"]["memory_gigabytes"], written["mini1"]["mac_address"]) == (16, "1c:f6:4c:00:00:0b")
    assert written["mini1"]["cluster_lan_subnet"] == "192.168.1.0/24"
    assert written["mini1"]["ansible_python_interpreter"] == "/opt/hybrid-ai/python/bin/python3"
    assert yaml.safe_load((folder / "hosts.yml").read_text())["all"]["children"].keys() == {"macos", "exo"}


@pytest.mark.parametrize(
    ("answers", "name"), [((), "qwen3.5-9b"), (("--models", "qwen3.5-2b"), "qwen3.5-2b")], ids=["default", "chosen"]
)
@pytest.mark.usefixtures("stocked")
def test_models_that_fit_pass_the_validation(here, lan, tmp_path, answers, name):
    folder = tmp_path / "home"
    lan.cable(RING, "mini1", "mini2", "mini3")
    words = ("--search", "0", "--yes", "--json", *answers, *addresses("mini1", "mini2", "mini3"))
    said = here("init", "-i", str(folder), *words)
    assert (said.code, said.err) == (exits.OK, "")
    assert said.json["models"] == [name]
    (model,) = variables(folder)["mini1"]["cluster_models"]
    assert (model["name"], model["source"]["revision"], model["backend"]) == (name, "7f" * 20, "exo")
    assert variables(folder)["mini1"]["cluster_model_store"] == "mini1"
    # What is there is not proposed again.
    assert here("init", "-i", str(folder), *words).json["files"] == []


def test_again_nothing_is_written(here, lan, tmp_path, unchecked):
    folder = tmp_path / "home"
    lan.cable(RING, "mini1", "mini2", "mini3")
    here("init", "-i", str(folder), *ANSWERS, *addresses("mini1", "mini2", "mini3"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    said = here("init", "-i", str(folder), *ANSWERS, *addresses("mini1", "mini2", "mini3"))
    assert said.code == exits.OK
    assert "says it all already; nothing is written." in " ".join(said.out.split())
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_new_mac_and_a_moved_cable_come_into_what_a_person_wrote(here, lan, tmp_path, unchecked):
    folder = tmp_path / "home"
    shutil.copytree(EXAMPLE, folder)
    texts = {path: path.read_text() for path in folder.rglob("*.yml")}
    now = [{"mini1": 1, "mini2": 1}, {"mini2": 2, "mini3": 1}, {"mini3": 3, "mini4": 2}]
    lan.cable(now, "mini1", "mini2", "mini3", "mini4")
    said = here("init", "-i", str(folder), *ANSWERS, *addresses("mini4"), "--json")
    assert (said.code, said.err) == (exits.OK, "")
    assert said.json["removed"] == [{"mini3": 2, "mini1": 2}]
    assert said.json["added"] == [{"mini3": 3, "mini4": 2}]
    # The desk and the GPU host do not answer, and stay.
    assert set(said.json["silent"]) == {"desk", "gpu1"}
    assert links_of(folder) == now
    after = {path: path.read_text() for path in folder.rglob("*.yml")}
    assert after.keys() == texts.keys()
    lost = {line for path, text in texts.items() for line in text.splitlines()} - {
        line for text in after.values() for line in text.splitlines()
    }
    assert lost == {"  - {mini3: 2, mini1: 2}"}
    assert variables(folder)["mini4"]["ansible_host"] == "192.168.1.14"
    for name in ("hosts.yml", "group_vars/all.yml"):
        assert (folder / f"{name}~").read_text() == texts[folder / name]


def test_a_cable_to_a_mac_that_is_asleep_stays(here, lan, tmp_path, unchecked):
    folder = tmp_path / "home"
    lan.cable(RING, "mini1", "mini2", "mini3")
    here("init", "-i", str(folder), *ANSWERS, *addresses("mini1", "mini2", "mini3"))
    del lan.said["192.168.1.13"]
    lan.cable(RING[:1], "mini1", "mini2")
    said = here("init", "-i", str(folder), *ANSWERS, "--json")
    assert (said.code, said.json["removed"], len(said.json["unsure"])) == (exits.OK, [], 2)
    assert not said.json["written"]


def test_a_mac_outside_is_named_and_no_cable(here, lan, tmp_path, unchecked):
    lan.cable(RING, "mini1", "mini2")
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, *addresses("mini1", "mini2"), "--json")
    assert len(said.json["links"]) == 1
    assert [note for note in said.json["notes"] if "{mini1: 3, external: NAME}" in note]


def test_who_does_not_answer_is_left_out_and_said(here, lan, tmp_path, unchecked):
    lan.cable([], "mini1")
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, *addresses("mini1", "mini2"), "--json")
    assert said.code == exits.HOSTS_FAILED
    assert said.json["silent"] == {"192.168.1.12": "192.168.1.12 does not answer."}
    assert [host["name"] for host in said.json["hosts"]] == ["mini1"]
    said = here("init", "-i", str(tmp_path / "other"), *ANSWERS, *addresses("mini2"))
    assert (said.code, said.out) == (exits.HOSTS_FAILED, "")
    assert "192.168.1.12 does not answer" in said.err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("arguments", "members"), [((), {"gpu1": None}), (("--gpu", "none"), None)])
def test_a_linux_machine_manages_and_its_card_is_asked_about(here, lan, tmp_path, arguments, members):
    lan.cable([], "mini1")
    lan.said["192.168.1.20"] = LINUX
    where = [*addresses("mini1"), "--address", "192.168.1.20"]
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, *where, *arguments, "--json")
    assert (said.code, said.err) == (exits.OK, "")
    groups = yaml.safe_load((tmp_path / "home/hosts.yml").read_text())["all"]["children"]
    assert groups["linux"]["hosts"]["gpu1"]["ansible_host"] == "192.168.1.20"
    assert groups["management"]["hosts"] == {"gpu1": None}
    assert groups.get("gpu", {}).get("hosts") == members


def test_an_inventory_that_a_run_has_is_not_written(here, lan, tmp_path, unchecked):
    folder = tmp_path / "home"
    lan.cable([], "mini1")
    with lock.held(lock.folder((str(folder),))):
        said = here("init", "-i", str(folder), *ANSWERS, *addresses("mini1"))
    assert said.code == exits.BUSY
    assert not folder.exists()


def test_nobody_there_is_one_line(here, lan, tmp_path):
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS)
    assert said.code == exits.NO_HOSTS
    assert "no machine announces Remote Login here" in said.err


def test_check_writes_nothing(here, lan, tmp_path, unchecked):
    lan.cable(RING, "mini1", "mini2", "mini3")
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, "--check", *addresses("mini1", "mini2", "mini3"))
    assert said.code == exits.OK
    assert "+        mini2:" in said.out
    assert not (tmp_path / "home").exists()


def test_what_the_validation_refuses_is_taken_back(here, lan, tmp_path):
    lan.cable([], "mini1")
    arguments = ("--domain", "olab", "--exo", "none", *addresses("mini1"))
    folder = tmp_path / "home"
    (folder / ".secrets").mkdir(parents=True)
    (folder / "group_vars").mkdir()
    mine = folder / "group_vars/all.yml"
    mine.write_text("exo_statee: present\n")
    said = here("init", "-i", str(folder), *ANSWERS, *arguments)
    assert said.code == exits.INVENTORY
    assert "playbooks/validate.yml refuses what was to be written" in said.err
    assert "exo_statee" in said.err
    assert {path.name for path in folder.rglob("*")} == {".secrets", "group_vars", "all.yml"}
    assert mine.read_text() == "exo_statee: present\n"


def test_an_inventory_with_mistakes_is_not_touched(here, lan, tmp_path):
    folder = tmp_path / "home"
    shutil.copytree(EXAMPLE, folder)
    (folder / "hosts.yml").write_text((folder / "hosts.yml").read_text().replace("192.168.1.12", "192.168.1.11"))
    said = here("init", "-i", str(folder), *ANSWERS)
    assert said.code == exits.INVENTORY
    assert "has mistakes already, and nothing is changed until they are corrected" in said.err
    assert lan.logins == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--address", "mini1"], "mini1 is no machine; write its address"),
        (["--address", "192.168.1.300"], "is no machine"),
        (["--address", "192.168.1.11:70000"], "is no machine"),
        (["--address", "Mini=192.168.1.11"], "Mini=192.168.1.11: A name has lower-case letters"),
        (["--address", "exo=192.168.1.11"], "exo is taken"),
        (["--address", "192.168.1.11", "--subnet", "10.0.0.0/24"], "--subnet: 192.168.1.11 is not in 10.0.0.0/24"),
        (["--address", "192.168.1.11", "--domain", "Home!"], "--domain: "),
        (["--address", "192.168.1.11", "--management", "mini2"], "--management: Write one of mini1, none."),
        (["--address", "192.168.1.11", "--exo", "mini1,mini2"], "--exo: mini2 is none of mini1."),
        (["--password-file", "/nowhere"], "/nowhere cannot be read"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_an_answer_that_is_none_is_one_line(here, lan, tmp_path, arguments, says):
    lan.cable([], "mini1")
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, *arguments)
    assert (said.code, said.out) == (exits.USAGE, "")
    assert says in said.err
    assert not (tmp_path / "home").exists()


def test_a_password_comes_from_a_file_that_nobody_else_reads(here, lan, tmp_path, unchecked):
    secret = tmp_path / "password"
    secret.write_text("tell nobody\n")
    lan.cable([], "mini1")
    arguments = ("init", "-i", str(tmp_path / "home"), *ANSWERS, *addresses("mini1"), "--password-file", str(secret))
    secret.chmod(0o644)
    said = here(*arguments)
    assert said.code == exits.USAGE
    assert f"others can read {secret}; run `chmod 600` on it." in said.err
    secret.chmod(0o600)
    assert here(*arguments).code == exits.OK
    assert lan.logins[-1].password == "tell nobody"
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file() and "tell" in path.read_text()]


@pytest.mark.parametrize(("arguments", "says"), [((), "no terminal"), (("--json",), "--json needs --yes")])
def test_nobody_is_asked_in_a_pipe(cluster, tmp_path, arguments, says):
    said = cluster("init", "-i", str(tmp_path / "home"), *arguments)
    assert (said.code, said.out) == (exits.USAGE, "")
    assert says in said.err
    assert "--yes" in said.err


def test_a_second_address_of_a_mac_is_no_second_host(here, lan, tmp_path, unchecked):
    lan.cable(RING, "mini1")
    lan.said["192.168.1.99"] = lan.said["192.168.1.11"]
    where = [*addresses("mini1"), "--address", "192.168.1.99"]
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, *where, "--json")
    assert [host["name"] for host in said.json["hosts"]] == ["mini1"]
    assert "192.168.1.99 is another address of mini1, so it is no host of its own." in said.json["notes"]


def test_a_known_host_at_another_address_is_no_second_host(here, lan, tmp_path, unchecked):
    lan.cable(RING, "mini1", "mini2")
    folder = tmp_path / "home"
    here("init", "-i", str(folder), *ANSWERS, *addresses("mini1", "mini2"))
    lan.said["192.168.1.99"] = lan.said.pop("192.168.1.12")
    said = here("init", "-i", str(folder), *ANSWERS, "--address", "192.168.1.99", "--json")
    assert [host["name"] for host in said.json["hosts"]] == ["mini1", "mini2"]
    assert [note for note in said.json["notes"] if "192.168.1.99 calls itself mini2" in note]


def test_two_macs_of_one_name_get_two(here, lan, tmp_path, unchecked):
    lan.cable([], "mini1", "mini2")
    lan.said["192.168.1.12"] = lan.said["192.168.1.12"].replace("\nmini2\n", "\nmini1\n")
    said = here("init", "-i", str(tmp_path / "home"), *ANSWERS, *addresses("mini1", "mini2"), "--json")
    assert [host["name"] for host in said.json["hosts"]] == ["mini1", "mini1-2"]


def test_a_folder_with_an_inventory_in_another_form_is_refused(here, lan, tmp_path):
    (tmp_path / "hosts").write_text("[macos]\nmini1\n")
    said = here("init", "-i", str(tmp_path), *ANSWERS)
    assert said.code == exits.INVENTORY
    assert "has hosts and no hosts.yml" in said.err
    said = here("init", "-i", str(tmp_path / "hosts"), *ANSWERS)
    assert said.code == exits.USAGE
    assert "is no folder" in said.err


def test_what_is_written_beside_a_new_inventory_stays(here, lan, tmp_path, unchecked):
    folder = tmp_path / "home"
    (folder / "group_vars/all").mkdir(parents=True)
    (folder / "group_vars/all/mine.yml").write_text("cluster_domain: internal\n")
    lan.cable([], "mini1")
    assert here("init", "-i", str(folder), *ANSWERS, *addresses("mini1")).code == exits.OK
    assert variables(folder)["mini1"]["cluster_domain"] == "internal"
    assert variables(folder)["mini1"]["cluster_lan_subnet"] == "192.168.1.0/24"
    assert (folder / "group_vars/all/mine.yml").read_text() == "cluster_domain: internal\n"


def test_a_file_for_all_without_what_is_needed_gets_it(here, lan, tmp_path):
    folder = tmp_path / "home"
    (folder / "group_vars").mkdir(parents=True)
    mine = "# Mine.\ncluster_domain: internal\nthunderbolt_links:\n  - {mini1: 1, mini2: 3}   # the short one\n"
    (folder / "group_vars/all.yml").write_text(mine)
    lan.cable(RING, "mini1", "mini2", "mini3")
    said = here("init", "-i", str(folder), *ANSWERS, *addresses("mini1", "mini2", "mini3"), "--json")
    assert (said.code, said.err) == (exits.OK, "")
    text = (folder / "group_vars/all.yml").read_text()
    assert text.startswith(mine)
    assert variables(folder)["mini1"]["cluster_lan_gateway"] == "192.168.1.1"
    assert (said.json["links"], said.json["added"]) == (links_of(folder), links_of(folder)[1:])


def test_what_was_written_is_back_where_a_file_cannot_be_written(tmp_path):
    first, second = tmp_path / "a.yml", tmp_path / "b/c.yml"
    first.write_text("a: 1\n")
    (tmp_path / "b").write_text("in the way")
    with pytest.raises(ClusterError, match="cannot be written"):
        files.write({first: "a: 1\n"}, {first: "a: 2\n", second: "c: 1\n"})
    assert first.read_text() == "a: 1\n"
    assert {path.name for path in tmp_path.iterdir()} == {"a.yml", "b"}


def test_host_keys_are_added_and_none_is_lost(tmp_path):
    new, known = tmp_path / "new", tmp_path / ".ssh/known_hosts"
    files.pin(new, known)
    assert not known.parent.exists()
    new.write_text("one\ntwo\n")
    files.pin(new, known)
    new.write_text("three\ntwo\n")
    files.pin(new, known)
    assert known.read_text() == "one\ntwo\nthree\n"
    assert (known.stat().st_mode & 0o777, known.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_user_is_the_one_that_is_written(tmp_path):
    assert existing.Existing(tmp_path).user == "admin"
    path = tmp_path / "group_vars/all.yml"
    assert existing.Existing(tmp_path, None, {path: "ansible_user: me\n"}).user == "me"
    assert existing.Existing(tmp_path, None, {path: "ansible_user: '{{ name }}'\n"}).user == "admin"


def test_an_announcement_is_a_way_to_a_mac():
    instance = "Admin\u2019s Mac mini (2)._ssh._tcp.local."
    found = finding.announced(instance, "Admins-Mac-mini-2.local.", ["169.254.7.1", "192.168.1.12"], 22)
    assert found == Announced("Admins-Mac-mini-2", ("192.168.1.12",), 22)
    assert finding.announced(instance, "x.local.", ["169.254.7.1"], 22) is None


def test_a_machine_is_asked_where_it_answers(monkeypatch):
    monkeypatch.setattr(finding, "_answers", lambda address, port: address.endswith(".12"))
    found = [Announced("a", ("10.0.0.1", "192.168.1.12")), Announced("b", ("10.0.0.9",)), Announced("c", ("10.0.0.9",))]
    assert finding.places(found) == [Place("192.168.1.12", own_name="a"), Place("10.0.0.9", own_name="b")]


def test_who_announces_itself_is_asked_but_not_this_machine(here, lan, tmp_path, unchecked, monkeypatch):
    heard = [Announced("mini1", ("192.168.1.11",)), Announced("laptop", ("127.0.0.1",))]
    monkeypatch.setattr(finding, "browse", lambda seconds: heard)
    monkeypatch.setattr(finding, "_answers", lambda address, port: True)
    lan.cable([], "mini1")
    said = here("init", "-i", str(tmp_path / "home"), "--yes", "--models", "none", "--json")
    assert (said.code, said.json["silent"]) == (exits.OK, {})
    assert [host["address"] for host in said.json["hosts"]] == ["192.168.1.11"]


def test_names_of_groups_and_services_are_taken(here):
    assert {"exo", "management", "localhost", "grafana"} <= gather.reserved()


def test_an_announced_machine_is_found():
    from zeroconf import IPVersion, ServiceInfo, Zeroconf

    name = f"A mini that is not there.{finding.SERVICE}"
    info = ServiceInfo(finding.SERVICE, name, 22, parsed_addresses=["192.0.2.7"], server="a-mini-not-there.local.")
    speaker = Zeroconf(ip_version=IPVersion.V4Only)
    try:
        speaker.register_service(info)
        assert Announced("a-mini-not-there", ("192.0.2.7",), 22) in finding.browse(2)
    finally:
        speaker.close()
