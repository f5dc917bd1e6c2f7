"""Data Docs of one close as plain files: GX's own rendering in a page without scripts, fonts or anything from a network.

GX's site loads its style from five content delivery networks and copies 4 MB of fonts; on a closed network it is
unreadable. Its renderer and page view take a template of ours, so only the frame and the style differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from union_warehouse.contracts import load_forms
from union_warehouse.files import write_text
from union_warehouse.project import EXPECTATIONS_DIR

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_TEMPLATES = EXPECTATIONS_DIR / "data_docs"
_TITLES = {"landed_forms": "落地数据 Landed forms", "warehouse": "数据仓库 Warehouse"}


def write_pages(folder: Path, close_id: str, results: Iterable[ExpectationSuiteValidationResult]) -> None:
    """Write one page per suite into ``folder``."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    renderer = ValidationResultsPageRenderer()
    view = DefaultJinjaPageView(custom_views_directory=str(_TEMPLATES))
    for result in results:
        document = renderer.render(result)
        # the header links to a page of the bare suite, which this site does not have; the frame's title says the rest
        document.sections[0].content_blocks.pop(0)
        page = view.render(document, template="audit_page.j2", close_id=close_id, title=_suite_title(result.suite_name))
        write_text(folder / f"{result.suite_name}.html", page)


def write_index(folder: Path, close_id: str, summary: dict[str, Any]) -> None:
    """Write ``index.html``: every audit of the close so far, with what failed in it.

    Args:
        folder: of the pages.
        close_id: the close.
        summary: content of ``summary.json``.
    """
    from jinja2 import Environment, FileSystemLoader

    audits = [
        {
            "title": _TITLES[name],
            "suites": [_suite_line(suite, items) for suite, items in suites.items()],
            "failed": [item for items in suites.values() for item in items if not item["success"]],
        }
        for name, suites in summary.items()
    ]
    template = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True).get_template("audit_index.j2")
    write_text(folder / "index.html", template.render(close_id=close_id, audits=audits))


def _suite_title(name: str) -> str:
    form = load_forms().get(name)
    return f"{form.sheet} {name}" if form else name


def _suite_line(name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    failed = [item["severity"] for item in items if not item["success"]]
    counts = {severity: failed.count(severity) for severity in ("stop", "warning", "error")}
    return {"name": name, "expectations": len(items), **counts}
