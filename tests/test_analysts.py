"""The page for analysts holds: its questions are asked, its code is run, its links lead somewhere.

`REWRITE_ANSWERS=1 pytest tests/test_analysts.py` writes the answers anew where the reference data or the marts changed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from union_warehouse.cli import COMMANDS
from union_warehouse.display import as_number
from union_warehouse.paths import Home
from union_warehouse.project import PROJECT_DIR
from union_warehouse.releases import open_release
from union_warehouse.reporting.comparison import compare_releases, differences_table
from union_warehouse.reporting.figures import figures, figures_table
from union_warehouse.reporting.issues import issues_table, quality_issues
from union_warehouse.reporting.status import month_status, status_tables
from union_warehouse.reporting.table_files import Table
from union_warehouse.reporting.trace import trace, trace_tables

PAGE = PROJECT_DIR / "docs" / "analysts.md"
QUESTION = re.compile(r"^### (\d+)\. .*?\n\n```sql\n(.*?)```\n\n((?:\|[^\n]*\n)*)", re.MULTILINE | re.DOTALL)
COLUMNS = re.compile(
    r"(?<=^\| table \| headings, and their names in JSON \| in JSON besides \|\n\|---\|---\|---\|\n)((?:\|[^\n]*\n)*)",
    re.MULTILINE,
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What a release answers, as a table of Markdown."""
    found = connection.execute(sql)
    rows = [[column[0] for column in found.description], *found.fetchall()]
    lines = [f"| {' | '.join(map(cell, row))} |\n" for row in rows]
    return "".join([lines[0], "|---" * len(rows[0]) + "|\n", *lines[1:]])


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(as_number(value))


def test_the_worked_questions_are_answered_as_they_say(february: Path) -> None:
    page = PAGE.read_text("utf-8")
    with open_release(Home(february), "2014-02-r1") as connection:
        answers = {number: answer(connection, sql) for number, sql, _ in QUESTION.findall(page)}
    assert [*answers] == [str(number) for number in range(1, 14)]
    assert all(table.count("\n") > 2 for table in answers.values()), "a question that nothing answers"
    hold(page, QUESTION.sub(lambda found: found[0].removesuffix(found[3]) + answers[found[1]] + "\n" * (not found[3]), page))


def hold(page: str, right: str) -> None:
    """See that the page says what is right, or have it say so."""
    if os.environ.get("REWRITE_ANSWERS"):
        PAGE.write_text(right, encoding="utf-8")
    else:
        assert page == right


def columns_of(command: str, table: Table, names: set[str]) -> str:
    """The line of a table: what people see, and what a program finds."""
    shown = ", ".join(f"{label} `{name}`" if name in names else label for name, label in table.labels.items())
    besides = ", ".join(f"`{name}`" for name in sorted(names - set(table.labels)))
    return f"| {command}: {table.label} | {shown} | {besides} |\n"


def test_the_columns_of_each_command_are_those_that_are_documented(february: Path) -> None:
    home = Home(february)
    status = month_status(home, "2014-02")
    tables = {
        "figures": [figures_table(figures(home, 2014))],
        "trace": trace_tables(trace(home, "safety.inspections", 2014)),
        "diff": [differences_table(compare_releases(home, "2014-01-r1", "2014-02-r1"))],
        "status": status_tables(status),
        "issues": [issues_table(quality_issues(home))],
    }
    lines = [
        columns_of(f"`{command}`", table, set(status[table.name][0] if command == "status" else table.rows.column_names))
        for command, found in tables.items()
        for table in found
    ]
    page = PAGE.read_text("utf-8")
    hold(page, COLUMNS.sub("".join(lines), page))


def test_the_code_for_python_runs(february: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(february)
    (code,) = [text for language, text in FENCE.findall(PAGE.read_text("utf-8")) if language == "python"]
    found: dict[str, Any] = {}
    exec(code, found)
    assert len(found["inspections"]) > 0 and set(found["inspections"]["event_month"]) == {"2014-02"}
    with duckdb.connect(str(found["release"] / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from fct_hazards").fetchone() == (len(found["hazards"]),)


def test_the_commands_of_the_page_exist_with_their_options() -> None:
    from union_warehouse.cli import Commands, main

    lines = [line for _, text in FENCE.findall(PAGE.read_text("utf-8")) for line in text.splitlines() if line.startswith("uw ")]
    assert len(lines) > 4
    assert isinstance(main, Commands)
    for line in lines:
        name = line.split()[1]
        assert name in COMMANDS
        command = main.get_command(None, name)  # type: ignore[arg-type]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", re.sub(r'"[^"]*"', "", line))) <= known, line
