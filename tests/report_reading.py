"""Reports, made by the command and read back, and releases changed for them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import duckdb
from click.testing import CliRunner, Result

from tests.audited_year import MONTH
from union_warehouse.cli import main
from union_warehouse.paths import Home
from union_warehouse.reporting.report.document import Document, Heading, Paragraph, Table

RELEASE = f"{MONTH}-r1"


def report(home: Home, *arguments: str | Path) -> Result:
    return CliRunner(env={"UW_HOME": str(home.root)}).invoke(main, ["report", *map(str, arguments)])


def written(home: Home, *arguments: str | Path) -> list[Path]:
    """The report as Word and as a page, and its appendices likewise."""
    shown = report(home, *arguments, "--json")
    assert shown.exit_code == 0, shown.output
    return [Path(path) for path in json.loads(shown.stdout)["files"]]


def word_texts(path: Path) -> list[str]:
    """Paragraphs and cells of a Word file in order, without empty ones."""
    document = docx.Document(str(path))
    texts: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, docx.table.Table):
            texts += [cell.text for row in block.rows for cell in row.cells]
        else:
            texts.append(block.text)
    return [text for text in texts if text]


class _Texts(HTMLParser):
    """Texts of the blocks of a page, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002
        if tag in {"h1", "h2", "h3", "p", "th", "td", "figcaption", "style", "nav"}:
            self._open.append(tag)
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag == self._open[-1]:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and not {"style", "nav"} & set(self._open):
            self.texts[-1] += data


def page_texts(path: Path) -> list[str]:
    parser = _Texts()
    parser.feed(path.read_text("utf-8"))
    return [text for text in parser.texts if text.strip()]


def mentions(document: Document) -> Iterator[tuple[str, str]]:
    """Every number of the running text with its indicator; of one that is nil or unknown its name."""
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                yield from ((code, words) for words, code in block.parts if code)


def tables(document: Document) -> dict[str, Table]:
    return {block.caption.split("　")[1]: block for part in document.parts for block in part.blocks if isinstance(block, Table)}


def summary_of(document: Document) -> dict[str, list[str]]:
    """Sentences of the first page by the headings they stand under."""
    said: dict[str, list[str]] = {}
    assert document.summary is not None
    for block in document.summary.blocks:
        if isinstance(block, Heading):
            said[block.text] = []
        elif isinstance(block, Paragraph):
            said[list(said)[-1]].append(block.text)
    return said


def changed(home: Home, folder: Path, *statements: str) -> Home:
    """A copy of ``home`` whose release was changed."""
    copy = Home(Path(shutil.copytree(home.root, folder / "home", symlinks=True)))
    with duckdb.connect(str(copy.releases / RELEASE / "warehouse.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)
    return copy


def of_federation(indicator: str, month: str, value: float) -> str:
    """Sets a figure of the federation."""
    return f"""
        update rpt_indicators set value_month = {value}, value_year_to_date = {value}, is_missing = false
        where indicator_code = '{indicator}' and is_federation and month = '{month}'
    """
