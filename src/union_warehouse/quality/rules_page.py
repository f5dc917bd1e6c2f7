"""The page of every rule, ``docs/rules.md``: made from the contracts and ``expectations/rules.yml``.

Run ``python -m union_warehouse.quality.rules_page`` (``make generate``) after one of them changed; a test checks that the
page in git is current.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from union_warehouse.contracts import Form, Severity, load_forms
from union_warehouse.files import write_text
from union_warehouse.project import DBT_PROJECT_DIR
from union_warehouse.quality.row_messages import NOTICES, BrokenCell, message_of, notice_of
from union_warehouse.quality.row_rules import row_checks
from union_warehouse.quality.rules import Rule, RuleKind, load_rules
from union_warehouse.quality.suites import MARTS_CHECKS

RULES_FILE = DBT_PROJECT_DIR.parent / "docs" / "rules.md"
_MONTH = "2014-06"
"""Month of the example messages."""
_INTRODUCTION = """# Rules (规则)

<!-- Generated from expectations/ by `make generate`; do not edit. -->

An **error** keeps its row waiting in quarantine; a **warning** lets it count and is reported. A **stop** ends the close.
Messages are what the department reads, here for an example cell.
"""
_AFTER_THE_BUILD = """## Of the build, across forms, months and departments

Errors are judged a second time here, apart from the models above: a row that breaks one and still counts stops the close. Warnings are
rows of `int_cross_checks`, one per finding and row involved, with the numbers compared.
"""
_OUTLIERS = """## Of figures, against a department's own past

`rpt_outliers` holds them; what it takes to stand out, and why, is in `dbt_project/macros/outliers.sql`.
"""


def rules_markdown() -> str:
    """The whole page."""
    forms = load_forms()
    sections = [
        _INTRODUCTION,
        "## Of a cell or a row, on arrival\n\nThe same in every form; the columns are those of the [forms](forms.md).\n",
        _table(("code", "forms", "severity", "what it tests", "message"), _shared_rules(forms.values())),
        "### Of one form\n",
        _table(("code", "form", "column", "severity", "what it tests", "message"), _form_rules(forms.values())),
        "### Of rows that are no data, and cells read otherwise than they say\n\nThe same in every form.\n",
        _table(("code", "severity", "what became of it", "message"), _notices()),
        "## Between submissions, at each close\n\nThe row waits until what it depends on is known.\n",
        _table(("code", "severity", "what it tests", "message"), _rules_of_kind(RuleKind.CLOSE)),
        _AFTER_THE_BUILD,
        _table(("code", "forms", "severity", "what it tests", "message"), _build_rules()),
        _OUTLIERS,
        _table(("code", "severity", "what it tests", "说明"), _figure_rules()),
        "## Of reports, at each close\n\nAn issue of the ledger until the report comes.\n",
        _table(("code", "severity", "what it tests", "message"), _rules_of_kind(RuleKind.REPORT)),
        f"What must hold of the marts themselves before they are published: `{MARTS_CHECKS.parent.name}/{MARTS_CHECKS.name}`.\n",
    ]
    return "\n".join(sections)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _shared_rules(forms: Iterable[Form]) -> list[tuple[str, ...]]:
    """Rules of types, keys, codes and dates: one row a rule, with the message of the first cell that could break it."""
    found: dict[str, tuple[str, str, str]] = {}
    where: dict[str, list[str]] = {}
    for form in forms:
        own = {rule.code for rule in form.rules}
        for check in row_checks(form, _MONTH, is_opening=False):
            if check.rule in own:
                continue
            names = where.setdefault(check.rule, [])
            if form.name not in names:
                names.append(form.name)
            if check.rule not in found:
                cell = BrokenCell(form, form.field(check.column), form.sheet, "B3", _MONTH, "…", (3, 4))
                zh, en = message_of(check.rule, cell)
                found[check.rule] = (check.severity.value, en.partition(": ")[2], zh)
    every = max(len(names) for names in where.values())
    return [
        (f"`{rule}`", "every form" if len(where[rule]) == every else ", ".join(where[rule]), *texts)
        for rule, texts in found.items()
    ]


def _form_rules(forms: Iterable[Form]) -> Iterable[tuple[str, ...]]:
    for form in forms:
        for rule in form.rules:
            yield f"`{rule.code}`", form.name, f"`{rule.column}`", rule.severity.value, rule.message_en, rule.message_zh


def _notices() -> Iterable[tuple[str, ...]]:
    for code in NOTICES:
        zh, en = notice_of(code, "…", 3, "", None, "…")
        yield f"`{code}`", Severity.WARNING.value, en, zh


def _rules(*kinds: RuleKind) -> Iterable[Rule]:
    return (rule for rule in load_rules() if rule.kind in kinds)


def _rules_of_kind(kind: RuleKind) -> Iterable[tuple[str, ...]]:
    return ((f"`{rule.code}`", rule.severity, rule.message_en, rule.message_zh) for rule in _rules(kind))


def _build_rules() -> Iterable[tuple[str, ...]]:
    for rule in _rules(RuleKind.SECOND_LOOK, RuleKind.CROSS_CHECK):
        reason = f". {rule.reason}" if rule.reason else ""
        yield f"`{rule.code}`", ", ".join(rule.forms), rule.severity, f"{rule.message_en}{reason}", rule.message_zh


def _figure_rules() -> Iterable[tuple[str, ...]]:
    for rule in _rules(RuleKind.FIGURE):
        for kind in rule.outlier_kinds:
            yield f"`{kind.code}`", rule.severity, kind.means_en, kind.means_zh


def main() -> None:
    """Write the page."""
    write_text(RULES_FILE, rules_markdown())


if __name__ == "__main__":
    main()
