"""The deployment files: valid, and without default secrets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft201909Validator

from tests.compose import COMPONENTS, COMPOSE_FILE, SECRETS, interpolate, load_compose
from union_warehouse.project import PROJECT_DIR


def test_the_compose_file_is_valid_by_the_specification() -> None:
    schema = json.loads(Path(__file__).with_name("data").joinpath("compose-spec.json").read_text("utf-8"))
    raw = yaml.safe_load(COMPOSE_FILE.read_text("utf-8"))
    assert list(Draft201909Validator(schema).iter_errors(raw)) == []
    assert list(Draft201909Validator(schema).iter_errors(load_compose(SECRETS))) == []
    broken = {**raw, "services": {**raw["services"], "init": {**raw["services"]["init"], "comand": []}}}
    assert list(Draft201909Validator(schema).iter_errors(broken)), "the schema can fail"


def test_every_secret_is_required_and_named_in_the_example() -> None:
    text = COMPOSE_FILE.read_text("utf-8")
    for name in SECRETS:
        with pytest.raises(KeyError, match=name):
            interpolate(text, {key: value for key, value in SECRETS.items() if key != name})
    assert set(re.findall(r"\$\{(\w+):\?", text)) == set(SECRETS)
    lines = (PROJECT_DIR / ".env.example").read_text("utf-8").splitlines()
    assigned = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert assigned == dict.fromkeys(SECRETS, "")
    optional = {line[1:].split("=")[0] for line in lines if re.match(r"#[A-Z_]+=", line)}
    assert optional >= set(re.findall(r"\$\{(\w+):-", text))


def test_services_are_checked_and_wait_for_what_they_need() -> None:
    services = load_compose(SECRETS)["services"]
    assert set(services) == {"postgres", "init", *COMPONENTS, "redis", "worker"}
    assert {name for name, service in services.items() if service.get("profiles") == ["celery"]} == {"redis", "worker"}
    for name, service in services.items():
        assert ("healthcheck" in service) is (name != "init"), name
    for name in (*COMPONENTS, "worker"):
        assert services[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}
        assert services[name]["volumes"] == services["init"]["volumes"] == ["warehouse:/var/lib/union-warehouse"]
    assert "environment" in services["worker"]
    assert services["worker"]["depends_on"]["redis"] == {"condition": "service_healthy"}


def test_the_image_is_built_from_the_lock_and_runs_as_a_user() -> None:
    lines = (PROJECT_DIR / "Dockerfile").read_text("utf-8").splitlines()
    assert any("uv sync --frozen --no-dev" in line for line in lines)
    users = [index for index, line in enumerate(lines) if line.startswith("USER ")]
    assert users, "not root"
    assert lines[users[-1]] != "USER root"
    copied = {word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]}
    ignored = (PROJECT_DIR / ".dockerignore").read_text("utf-8")
    for name in ("pyproject.toml", "uv.lock", "LICENSE", "src", "dags", "plugins", "dbt_project", "expectations", "federation"):
        assert name in copied
        assert f"!{name}" in ignored
        assert (PROJECT_DIR / name).exists()
    assert "reference_data" not in copied, "the product does without"
