"""The project's conventions: one contract drives everything, every mart says its grain, docs match the commands."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from union_warehouse.contracts import FieldType, Form, load_forms
from union_warehouse.contracts.derive import generated_files
from union_warehouse.display import display_width, number_text
from union_warehouse.landing.instants import shanghai_day_sql
from union_warehouse.project import CONTRACTS_DIR, DBT_PROJECT_DIR, PROJECT_DIR
from union_warehouse.quality.rules_page import RULES_FILE, rules_markdown

FORMS = load_forms()
MODELS = DBT_PROJECT_DIR / "models"
PUBLISHED = ("dim_", "fct_", "rpt_")


@cache
def documented_models() -> dict[str, dict[str, Any]]:
    documents = (yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) for path in MODELS.rglob("*.yml"))
    return {model["name"]: model for document in documents for model in document.get("models", [])}


@pytest.mark.parametrize("path", sorted(CONTRACTS_DIR.glob("*.yaml")), ids=lambda path: path.stem)
def test_contract_is_valid_odcs(path: Path) -> None:
    contract = OpenDataContractStandard.from_file(str(path))
    assert contract.kind == "DataContract"
    assert contract.apiVersion == "v3.1.0"
    assert path.name == f"{contract.id}.odcs.yaml"


@pytest.mark.parametrize("path", generated_files(), ids=lambda path: path.name)
def test_generated_file_is_current(path: Path) -> None:
    assert path.read_text("utf-8") == generated_files()[path], "run `make generate`"


def test_the_page_of_rules_is_current() -> None:
    page = rules_markdown()
    assert RULES_FILE.read_text("utf-8") == page, "run `make generate`"
    codes = {rule.code for form in FORMS.values() for rule in form.rules} | {"duplicate_key", "joined_twice", "sudden_zero"}
    assert not [code for code in codes if f"| `{code}` |" not in page]


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_form_has_key_labels_and_staging(form: Form) -> None:
    assert form.key
    labels = [field.label for field in form.fields]
    assert len(set(labels)) == len(labels)
    for field in form.fields:
        assert field.label and field.description.endswith(".")
        assert field.minimum == (0 if field.type in (FieldType.INTEGER, FieldType.DECIMAL) else None)
    assert (MODELS / "staging" / f"stg_{form.name}.sql").is_file()
    assert f"stg_{form.name}" in documented_models()


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.sql")), ids=lambda path: path.stem)
def test_model_says_its_grain(path: Path) -> None:
    model = documented_models().get(path.stem)
    assert model, f"{path.stem} has no documentation"
    assert str(model["description"]).startswith("Grain: ")


def test_what_the_code_refers_to_in_the_domain_is_there() -> None:
    headings = re.findall(r"^#+ (.+)$", (PROJECT_DIR / "docs" / "domain.md").read_text("utf-8"), flags=re.MULTILINE)
    folders = ("src", "reference_data", "dags", "plugins", "dbt_project/models", "dbt_project/macros", "expectations", "tests")
    suffixes = {".py", ".sql", ".yml"}
    files = [path for folder in folders for path in (PROJECT_DIR / folder).rglob("*") if path.suffix in suffixes]
    referred = {
        (path.relative_to(PROJECT_DIR), re.sub(r"\s+", " ", heading))
        for path in files
        for heading in re.findall(r"\bdomain:\s+([A-Z][a-z]+(?:\s[a-z]+)*)", path.read_text("utf-8"))
    }
    assert len(referred) > 10
    assert not [(str(path), heading) for path, heading in referred if heading not in headings]


def test_readme_names_the_commands_that_exist() -> None:
    from union_warehouse.cli import COMMANDS

    readme = (PROJECT_DIR / "README.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"uw {name}" in readme, f"README does not name `uw {name}`"
    assert "make demo" in readme
    assert "make test" in readme


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_clerks_are_told_in_chinese_what_to_fill(form: Form) -> None:
    assert form.grain_zh
    for field in form.fields:
        assert field.description_zh.endswith("。"), field.name
        if field.type is FieldType.STRING and not (field.enum or field.checker):
            assert field.example, field.name


def test_the_day_in_shanghai_is_the_same_in_models_and_in_queries() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "staging.sql").read_text("utf-8")
    assert shanghai_day_sql("{{ column }}") in macro


@pytest.mark.parametrize(("text", "width"), [("", 0), ("CQ 1", 4), ("隐患", 4), ("“A”", 5), ("Ａ", 2)])
def test_width_of_a_text(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234, 2, "1,234"), (1234.5, 2, "1,234.5"), (0.123456, 4, "0.1235"), (100.0, 4, "100"), (7, 0, "7")],
)
def test_text_of_a_number(value: float, decimals: int, text: str) -> None:
    assert number_text(value, decimals) == text
