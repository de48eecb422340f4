# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The configuration of the gateway: what is wrong with it is one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.__main__ import main
from hybrid_cluster.gateway.kinds import Backend
from hybrid_cluster.gateway.routes import Address, Member, Model, RouteError

FOLDER = Path("/srv/gateway")
ADDRESS = "http://192.168.1.20:8080"


def member(**more):
    return {"backend": "llama_cpp", "address": ADDRESS, "model": "inner", **more}


def model(name="m", members=None, **more):
    return {"name": name, "members": members or [member()], **more}


def configuration(*models, **more):
    place = {"host": "127.0.0.1", "port": 1}
    listed = list(models) or [model()]
    return {"listen": [place], "metrics": place, "keys": "k", "usage": "/u", "models": listed, **more}


def test_a_configuration_with_everything():
    given = configuration(
        model(
            aliases=["a"],
            capabilities=["completion", "tools"],
            context=8192,
            slots=4,
            queue=5,
            members=[member(key="s", revision="r")],
        ),
        body_bytes=1000,
        silence=60,
    )
    found = routes.read(given, FOLDER)
    one = Member(Backend.LLAMA_CPP, ADDRESS, "inner", "s", "r")
    assert found.models == (Model("m", (one,), ("a",), ("completion", "tools"), 8192, 4, 5),)
    assert (found.keys, found.usage) == (FOLDER / "k", Path("/u"))
    assert (found.listen, found.metrics) == ((Address("127.0.0.1", 1),), Address("127.0.0.1", 1))
    assert (found.body_bytes, found.silence) == (1000, 60)
    assert one.name == "llama_cpp at 192.168.1.20:8080"


def test_a_model_is_found_by_its_names():
    found = routes.read(configuration(model(aliases=["a"])), FOLDER)
    assert [found.find(name) is not None for name in ("m", "a", "m:latest", "b")] == [True, True, False, False]
    assert found.find("m:latest", tagged=True) is found.find("m")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "the configuration: write an object."),
        ({}, "the configuration: 'models' is missing."),
        (configuration(odd=1), "the configuration: 'odd' is not known; it may hold agent, bodies_bytes,"),
        (configuration(models=[]), "the configuration: 'models' must be a list that is not empty."),
        (configuration(keys=1), "the configuration: 'keys' must be a text."),
        (configuration(body_bytes=0), "the configuration: 'body_bytes' must be a whole number above 0."),
        (configuration(body_bytes=2, bodies_bytes=1), "so it is no less than 'body_bytes'."),
        (configuration(listen=[{"host": "a"}]), "listen: 'port' is missing."),
        (configuration(model(odd=1)), "models[0]: 'odd' is not known"),
        (configuration(model(), model()), "models: 'm' names both 'm' and 'm'; each name stands for one model."),
        (configuration(model(), model("n", aliases=["m"])), "models: 'm' names both 'm' and 'n'"),
        (configuration(model(capabilities=["odd"])), "the model 'm': 'odd' is not a capability; there are audio,"),
        (configuration(model(aliases="a")), "models[0]: 'aliases' must be a list of texts."),
        (
            configuration(model(members=[member(backend="odd")])),
            "the model 'm': 'odd' is not a backend; there are exo,",
        ),
        (
            configuration(model(members=[member(address="olab1:8080")])),
            "write an address like http://192.168.1.20:8080",
        ),
        (configuration(model(members=[member(address=f"{ADDRESS}/v1")])), f"instead of '{ADDRESS}/v1'."),
        (configuration(model(members=[member(address="http://a:b@c")])), "write an address like"),
    ],
)
def test_what_is_wrong_is_one_sentence(given, sentence):
    with pytest.raises(RouteError) as caught:
        routes.read(given, FOLDER)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("revisions", "good"), [(["r", "r"], True), (["r", "s"], False), (["r", None], False)])
def test_vectors_of_two_models_do_not_mix(revisions, good):
    given = configuration(model(capabilities=["embedding"], members=[member(revision=name) for name in revisions]))
    if good:
        assert len(routes.read(given, FOLDER).models[0].members) == 2
        return
    with pytest.raises(RouteError, match="the same 'revision', since vectors of two models must not mix"):
        routes.read(given, FOLDER)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "No such file or directory."),
        ("{", "it is not JSON"),
        ("{}", "'models' is missing."),
        (json.dumps(configuration()), None),
    ],
)
def test_the_command_checks_a_configuration(tmp_path, capsys, text, sentence):
    path = tmp_path / "gateway.json"
    if text is not None:
        path.write_text(text)
    assert main([str(path), "--check"]) == (0 if sentence is None else 1)
    said = capsys.readouterr().err
    assert said == "" if sentence is None else said.startswith("gateway: ") and sentence in said


def test_the_command_does_not_serve_with_keys_that_others_read(tmp_path, capsys):
    path = tmp_path / "gateway.json"
    (tmp_path / "k").write_text("{}")
    (tmp_path / "k").chmod(0o644)
    path.write_text(json.dumps(configuration()))
    assert main([str(path)]) == 1
    assert (
        capsys.readouterr().err
        == f"gateway: {tmp_path / 'k'}: others may read it (mode 0644); give it the mode 0600.\n"
    )


def test_a_key_of_a_backend_may_stand_in_a_file_beside_the_configuration(tmp_path):
    (tmp_path / "backend-key").write_text("secret\n")
    given = configuration(model(members=[member(key_file="backend-key"), member()]))
    assert [one.key for one in routes.read(given, tmp_path).models[0].members] == ["secret", None]


@pytest.mark.parametrize(
    ("more", "text", "sentence"),
    [
        ({"key": "s"}, "secret", "write 'key' or 'key_file', not both"),
        ({}, None, "No such file"),
        ({}, "\n", "must hold one line"),
        ({}, "one\ntwo", "must hold one line"),
    ],
)
def test_a_file_with_a_key_that_is_none(tmp_path, more, text, sentence):
    if text is not None:
        (tmp_path / "backend-key").write_text(text)
    with pytest.raises(RouteError, match=sentence) as caught:
        routes.read(configuration(model(members=[member(key_file="backend-key", **more)])), tmp_path)
    assert not text or text not in str(caught.value) or text == "\n"
