# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""adguard_home_configuration: what is read, checked and sent, and that the password is not."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.hybrid_ai.cluster.plugins.action import adguard_home_configuration as plugin

if TYPE_CHECKING:
    from collections.abc import Callable

bcrypt = pytest.importorskip("bcrypt")

PASSWORD = "correct horse battery"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
PLACE = {"path": "/work/AdGuardHome.yaml", "owner": "_adguard", "service": "adguard-home"}
ARGUMENTS = {
    **PLACE,
    "program": "/opt/AdGuardHome",
    "administrator": "admin",
    "password": PASSWORD,
    "settings": {"dns": {"port": 53, "bind_hosts": ["10.66.1.10"]}},
    "records": {
        "names": [{"name": "olab1.olab", "address": "10.66.1.11"}],
        "reverse": [{"name": "olab1.olab", "address": "10.66.1.11"}],
    },
}
REWRITE = {"domain": "olab1.olab", "answer": "10.66.1.11"}
RULE = "||11.1.66.10.in-addr.arpa^$dnsrewrite=NOERROR;PTR;olab1.olab."
REMEMBERED = {"rewrites": [REWRITE], "rules": [RULE], "filters": []}
RIGHT = {
    "dns": {"port": 53, "bind_hosts": ["10.66.1.10"]},
    "users": [{"name": "admin", "password": HASH}],
    "filtering": {"rewrites": [{**REWRITE, "enabled": True}]},
    "user_rules": [RULE],
    "filters": [],
    "schema_version": 34,
}


class Host:
    """Plays adguard_home_file."""

    def __init__(
        self, content: Any, remembered: Any = None, *, ok: bool = True, stale: int = 0, unfinished: bool = True
    ) -> None:
        self.content, self.remembered = content, remembered or {}
        self.ok, self.stale, self.unfinished = ok, stale, unfinished
        self.said = "line 3: bad"
        self.calls: list[dict[str, Any]] = []

    def execute(self, module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        assert module_name == "hybrid_ai.cluster.adguard_home_file"
        self.calls.append(module_args)
        operation = module_args["operation"]
        if operation == "read":
            text = (
                self.content if isinstance(self.content, str) or self.content is None else yaml.safe_dump(self.content)
            )
            encoded = None if text is None else base64.b64encode(text.encode()).decode()
            state = {"content": encoded, "digest": "d", "remembered": self.remembered, "unfinished": self.unfinished}
            return {"changed": False, "state": state}
        if operation == "check":
            before = yaml.safe_load(module_args["content"])
            migrated = None
            if self.ok and before["schema_version"] < 34:
                # As the program: 25 to 26 moves these, and drops what it does not know in their new place.
                moved = {"rewrites": before["dns"].pop("rewrites", []), "rewrites_enabled": True}
                migrated = {**before, "filtering": moved, "schema_version": 34}
                migrated = base64.b64encode(yaml.safe_dump(migrated).encode()).decode()
            return {"changed": False, "state": {"ok": self.ok, "said": self.said, "migrated": migrated}}
        if operation == "replace":
            self.stale -= 1
            return {"changed": True, "stale": self.stale >= 0}
        return {"changed": True}

    @property
    def operations(self) -> list[str]:
        return [call["operation"] for call in self.calls]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Run the action against a host."""

    def play(host: Host, *, check: bool = False, **changes: Any) -> dict[str, Any]:
        action = plugin.ActionModule.__new__(plugin.ActionModule)
        action._task = SimpleNamespace(args={**ARGUMENTS, **changes}, check_mode=check)
        context = SimpleNamespace(no_log=False)
        action._connection = SimpleNamespace(_play_context=context)

        def execute(**named: Any) -> dict[str, Any]:
            assert context.no_log, "what the host answers would be printed at -vvv"
            return host.execute(**named)

        monkeypatch.setattr(plugin.ActionBase, "run", lambda *a, **k: {})
        monkeypatch.setattr(action, "_execute_module", execute, raising=False)
        result: dict[str, Any] = action.run(task_vars={})
        assert not context.no_log
        assert PASSWORD not in repr(host.calls), "the password left the controller"
        assert PASSWORD not in repr(result)
        assert "$2b$" not in repr(result)
        return result

    return play


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        pytest.param(None, set(RIGHT), id="no file"),
        pytest.param({**RIGHT, "theme": "dark"}, set(), id="as wanted, with a key of the user's"),
        pytest.param({**RIGHT, "dns": {"port": 5353}}, {"dns.port", "dns.bind_hosts"}, id="other keys"),
        pytest.param({**RIGHT, "users": [{"name": "admin", "password": "$2b$10$x"}]}, {"users"}, id="no hash"),
        pytest.param({**RIGHT, "filtering": {"rewrites": []}}, {"filtering.rewrites"}, id="a name is missing"),
    ],
)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_changes(run: Any, content: Any, changes: set[str], check: bool) -> None:
    host = Host(content, REMEMBERED)
    result = run(host, check=check)
    found = {name.partition(".")[0] for name in result["changes"]} if content is None else set(result["changes"])
    assert found == changes
    assert result["changed"] is bool(changes)
    wanted = ["read", "check"] if changes else ["read"]
    assert host.operations == [*wanted, *(["replace"] if changes and not check else [])]


def test_the_hash_of_the_same_password_is_never_written_again(run: Any) -> None:
    host = Host({**RIGHT, "dns": {"port": 5353}}, REMEMBERED)
    run(host)
    assert yaml.safe_load(host.calls[-1]["content"])["users"] == RIGHT["users"]


def test_another_password_gets_a_new_hash(run: Any) -> None:
    host = Host(RIGHT, REMEMBERED)
    assert run(host, password="another battery")["changes"] == ["users"]
    written = yaml.safe_load(host.calls[-1]["content"])["users"][0]["password"]
    assert bcrypt.checkpw(b"another battery", written.encode())


def test_what_is_ours_is_remembered_even_where_the_file_is_right(run: Any) -> None:
    host = Host(RIGHT)
    assert run(host)["changed"]
    assert host.calls[-1]["remembered"] == {**REMEMBERED, "made": {}}


def test_without_the_program_it_is_not_asked(run: Any) -> None:
    host = Host(None)
    run(host, program=None)
    assert host.operations == ["read", "replace"]


@pytest.mark.parametrize(
    ("stale", "sentence"),
    [pytest.param(1, None, id="changed meanwhile"), pytest.param(9, "changes all the time", id="for ever")],
)
def test_a_file_that_changes_meanwhile_is_read_again(run: Any, stale: int, sentence: str | None) -> None:
    host = Host(None, stale=stale)
    if sentence:
        with pytest.raises(AnsibleActionFail, match=sentence):
            run(host)
    else:
        assert run(host)["changed"]
        assert host.operations == ["read", "check", "replace"] * 2


@pytest.mark.parametrize(
    ("host", "changes", "sentence"),
    [
        pytest.param(Host("dns: ["), {}, "is not valid YAML at line", id="broken file"),
        pytest.param(Host("just text"), {}, "holds no keys", id="no mapping"),
        pytest.param(Host(None, ok=False), {}, "refuses its configuration: line 3: bad", id="the program refuses"),
        pytest.param(
            Host(None), {"settings": {"dns": {"upstream_dns": ["no server"]}}}, "not a valid DNS server", id="ours"
        ),
        pytest.param(Host(None), {"password": None}, "password is empty", id="no password"),
        pytest.param(Host(None), {"password": "x" * 73}, "more than 72 bytes", id="a password bcrypt would cut"),
    ],
)
def test_a_mistake_is_a_sentence_and_nothing_is_written(run: Any, host: Host, changes: Any, sentence: str) -> None:
    with pytest.raises(AnsibleActionFail, match=sentence):
        run(host, **changes)
    assert "replace" not in host.operations


SECRET = "canary-0123456789"


@pytest.mark.parametrize(
    ("before", "settings", "diff"),
    [
        pytest.param(RIGHT, {"tls": {"private_key": SECRET}}, {"tls": (None, "set")}, id="a new mapping"),
        pytest.param(
            {**RIGHT, "tls": {"private_key": f"old-{SECRET}", "port": 1}},
            {"tls": {"private_key": SECRET}},
            {"tls.private_key": ("set", "changed")},
            id="another value",
        ),
        pytest.param(
            {**RIGHT, "dns": {**RIGHT["dns"], "upstream_dns": [f"https://dns.example/old-{SECRET}"]}},
            {"dns": {"upstream_dns": [f"https://dns.example/{SECRET}"]}},
            {"dns.upstream_dns": ("set", "changed")},
            id="a list",
        ),
        pytest.param({**RIGHT, "theme": "dark"}, {"theme": "dark"}, {}, id="as wanted"),
        pytest.param(
            RIGHT, {"dns": {"bind_hosts": ["10.66.1.11"]}}, {"dns.bind_hosts": ("set", "changed")}, id="over ours"
        ),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_secret_settings_are_written_and_not_shown(
    run: Any, before: Any, settings: Any, diff: dict[str, Any], check: bool
) -> None:
    host = Host(before)
    result = run(host, check=check, secret_settings=settings)
    assert SECRET not in repr(result)
    assert {key: (result["diff"]["before"][key], result["diff"]["after"][key]) for key in result["changes"]} == diff
    if diff and not check:
        written = yaml.safe_load(host.calls[-1]["content"])
        ((area, wanted),) = settings.items()
        assert {**written[area], **wanted} == written[area]


@pytest.mark.parametrize(
    ("said", "settings", "sentence"),
    [
        pytest.param(f"key {SECRET} is bad", {"a": SECRET}, "its configuration: key *** is bad.", id="the program"),
        pytest.param("", {"dns": {"upstream_dns": [SECRET + " x"]}}, "dns.upstream_dns has '***', which is", id="ours"),
    ],
)
def test_a_mistake_in_secret_settings_is_a_sentence_without_them(
    run: Any, said: str, settings: Any, sentence: str
) -> None:
    host = Host(RIGHT, ok=not said)
    host.said = said
    with pytest.raises(AnsibleActionFail) as caught:
        run(host, secret_settings=settings)
    assert sentence in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("check", "operations"), [(False, ["keep", "read"]), (True, ["read"])], ids=["run", "check"])
def test_the_file_is_kept_for_a_new_version(run: Any, check: bool, operations: list[str]) -> None:
    host = Host(RIGHT, REMEMBERED)
    assert not run(host, keep_previous=True, check=check)["changed"]
    assert host.operations == operations


def test_rollback(run: Any) -> None:
    host = Host(RIGHT)
    assert run(host, action="rollback") == {"changed": True, "there": True}
    assert host.operations == ["restore", "read"]


def test_what_the_program_kept_is_settled(run: Any) -> None:
    host = Host(RIGHT, REMEMBERED)
    assert run(host, action="commit") == {"changed": True, "there": True}
    assert host.operations == ["read", "commit"]
    assert host.calls[-1]["remembered"] == {**REMEMBERED, "made": {}}


def test_what_the_program_wrote_in_its_own_way_is_told_once_and_is_no_change(run: Any) -> None:
    found = {**RIGHT, "dns": {"port": 53, "bind_hosts": ["::1"]}}
    settings = {"dns": {"port": 53, "bind_hosts": ["0::1"]}}
    host = Host(found, REMEMBERED)
    (warning,) = run(host, action="commit", settings=settings)["warnings"]
    assert "wrote dns.bind_hosts in another way" in warning
    again = Host(found, host.calls[-1]["remembered"])
    assert "warnings" not in run(again, action="commit", settings=settings)
    assert not run(again, settings=settings)["changed"]


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        pytest.param({"settings": {"dns": {"no_such_key": 1}}}, "the key dns.no_such_key", id="a key"),
        pytest.param({"settings": {"dsn": {"port": 1}}}, "the key dsn", id="a section"),
        pytest.param({"rewrites": [{"domain": "x.olab", "answer": "10.0.0.1"}]}, "the rewrite of x.olab", id="a name"),
        pytest.param({"filters": [{"name": "ads", "url": "https://a/b"}]}, "the filter ads", id="a filter"),
    ],
)
def test_what_the_program_dropped_is_a_sentence_and_the_file_before_is_kept(run: Any, changes: Any, gone: str) -> None:
    host = Host(RIGHT, REMEMBERED)
    with pytest.raises(AnsibleActionFail, match=f"AdGuard Home dropped {gone} when it started, .* correct its name"):
        run(host, action="commit", **changes)
    assert host.operations == ["read"]


def test_in_check_mode_nothing_was_started_and_nothing_is_settled(run: Any) -> None:
    host = Host(RIGHT, REMEMBERED)
    settings = {"dns": {"no_such_key": 1}}
    assert run(host, action="commit", settings=settings, check=True) == {"changed": True, "there": True}
    assert host.operations == ["read"]


def test_a_file_that_is_gone_is_not_settled(run: Any) -> None:
    with pytest.raises(AnsibleActionFail, match="is not there any more"):
        run(Host(None), action="commit")


def test_the_controller_needs_bcrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "HAS_BCRYPT", False)
    with pytest.raises(AnsibleActionFail, match="no Python package bcrypt"):
        plugin.password_hash(PASSWORD, None)


OLD = {"schema_version": 25, "dns": {"port": 53, "rewrites": [{"domain": "nas.home", "answer": "10.0.0.9"}]}}


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_a_file_of_an_older_schema_is_migrated_before_ours_is_merged(run: Any, check: bool) -> None:
    host = Host(OLD)
    result = run(host, check=check, settings={**ARGUMENTS["settings"], "filtering": {"rewrites_enabled": True}})
    assert result["changed"]
    assert host.operations == ["read", "check", "check", *([] if check else ["replace"])]
    merged = yaml.safe_load(host.calls[2]["content"])
    assert merged["schema_version"] == 34
    assert merged["filtering"]["rewrites_enabled"] is True
    assert [entry["domain"] for entry in merged["filtering"]["rewrites"]] == ["nas.home", "olab1.olab"]
    assert "rewrites" not in merged["dns"]


def test_an_older_file_is_predicted_to_change_where_the_program_is_not_there_yet(run: Any) -> None:
    host = Host(OLD)
    assert run(host, check=True, program=None)["changed"]
    assert host.operations == ["read"]


def test_an_older_file_that_the_program_cannot_migrate(run: Any) -> None:
    with pytest.raises(AnsibleActionFail, match="is of schema 25, and AdGuard Home refuses it: line 3: bad"):
        run(Host(OLD, ok=False))


def test_a_file_without_its_schema_is_left_alone(run: Any) -> None:
    host = Host({"dns": {"port": 53}})
    with pytest.raises(AnsibleActionFail, match="has no schema_version, so that nobody knows the form"):
        run(host)
    assert host.operations == ["read"]
