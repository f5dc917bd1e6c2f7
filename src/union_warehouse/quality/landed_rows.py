"""The audit's own table of one form's landed rows, with verdicts that no GX expectation can express.

The row checks on the way in are one implementation of the contract; this SQL and the GX suite are another, written
apart from it. A row on which the two differ stops the close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from union_warehouse.contracts import Field, Form, layouts_of
from union_warehouse.contracts.landed import landed_columns
from union_warehouse.landing.rows import landed_rows_sql
from union_warehouse.months import WINDOW_MONTHS
from union_warehouse.quality.gx_duckdb import Workbench, quoted
from union_warehouse.quality.suites import ACCEPTED_AGREES, NATURAL_KEY, UNREAD_RULES, shared_rules, verdict_column

EarlierSubmissions = Callable[[str, Iterable[str]], Sequence[tuple[str, Path, str]]]
"""What counted when a submission arrived: (form, submissions) to earlier submission, its landed Parquet, and which of those it is earlier to."""

KNOWN_DATES = "build.audit.known_dates"
"""The audit's own register: dates of the accepted rows of earlier submissions, form by form. A landed file never changes, so
each is read once, and a long history is not opened again at every close."""
PROBLEMS = "row_problems"
_USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FIRST_DAY = "cast(_month || '-01' as date)"
_DATE_BOUNDS: dict[tuple[str, ...], str] = {
    ("date_after_month",): f"<= last_day({_FIRST_DAY})",
    # an opening row may hold any past date
    (
        "date_before_window",
    ): f">= case when _is_opening then '-infinity'::date else {_FIRST_DAY} - interval {WINDOW_MONTHS} month end",
}
"""Bounds of an event's date, by the rule that a date beyond them breaks (domain: Business rules)."""


def create_problems_table(workbench: Workbench, files: Sequence[Path]) -> None:
    """Create the table ``row_problems`` of the quarantine ``files``: _submission_id, form, sheet, row, column, rule, severity."""
    names = ", ".join(f"'{quoted(path)}'" for path in files)
    workbench.execute(
        f"""create table {PROBLEMS} as
        select _submission_id, form, sheet as _sheet, "row" as _row, "column" as column_name, "rule" as rule_code, severity
        from read_parquet([{names}], union_by_name = true, hive_partitioning = false)
        where "row" is not null"""
    )


def create_landed_table(workbench: Workbench, form: Form, files: Sequence[Path], earlier: EarlierSubmissions) -> None:
    """Create the table ``<form>`` of the landed rows in ``files`` with the audit's verdicts.

    Args:
        workbench: the audit's DuckDB, with :func:`create_problems_table` done.
        form: the form.
        files: landed Parquet of the submissions under audit, one per department and month.
        earlier: asked only where a date is outside its bounds: a date that the department's last accepted row of the
            same key had already is not tested again.
    """
    verdicts = {verdict_column((rule.column,), (rule.code,)): rule.predicate for rule in form.rules}
    verdicts |= {_checked(field): _checker_verdict(field) for field in form.fields if field.checker}
    for rules, columns in shared_rules(form).items():
        verdicts[verdict_column(columns, rules)] = " and ".join(f"({_shared_verdict(form, rules, name)})" for name in columns)
    verdicts[NATURAL_KEY] = _natural_key(form)
    verdicts[ACCEPTED_AGREES] = "_is_accepted = (has_error is null)"
    selected = ", ".join(f'({sql}) as "{name}"' for name, sql in verdicts.items())
    workbench.execute(
        f"""create table "{form.name}" as
        select landed.*, {selected}
        from ({_landed(form, files)}) as landed
        left join (
            select distinct _submission_id, _sheet, _row, true as has_error
            from {PROBLEMS} where form = '{form.name}' and severity = 'error'
        ) as errors using (_submission_id, _sheet, _row)"""
    )
    _forgive_known_dates(workbench, form, earlier)


def _landed(form: Form, files: Sequence[Path]) -> str:
    columns = landed_columns(form)
    names = ", ".join(f'"{name}"' for name in columns)
    return f"select {names} from ({landed_rows_sql(columns, files)})"


def _natural_key(form: Form) -> str:
    parts = [f'"{field.name}"' for field in form.key]
    has_gap = " or ".join(f"{part} is null" for part in parts)
    return f"case when {has_gap} then null else concat_ws('|', _department, _month, {', '.join(parts)}) end"


def _checked(field: Field) -> str:
    return verdict_column((field.name,), (f"invalid_{field.checker}",))


def _checker_verdict(field: Field) -> str:
    # a personal number is only landed as a keyed hash: its validity cannot be computed again, only its flag be read
    return f'"{field.name}__valid"' if field.is_personal else uscc_is_valid(f'"{field.name}"')


def _shared_verdict(form: Form, rules: tuple[str, ...], column: str) -> str:
    if rules == ("missing_required",):
        without = ", ".join(f"'{layout.name}'" for layout in layouts_of(form) if column in layout.unknown)
        return f'"{column}__text" is not null' + (f" or _layout in ({without})" if without else "")
    if rules == UNREAD_RULES:
        return f'"{column}__text" is null or "{column}" is not null'
    return f'coalesce("{column}" {_DATE_BOUNDS[rules]}, true)'


def uscc_is_valid(column: str) -> str:
    """SQL: whether ``column`` is a unified social credit code with the check character of GB 32100, null if it is null."""
    total = " + ".join(
        f"(instr('{_USCC_CHARACTERS}', substr({column}, {position}, 1)) - 1) * {pow(3, position - 1, 31)}"
        for position in range(1, 18)
    )
    check = f"substr('{_USCC_CHARACTERS}', (31 - ({total}) % 31) % 31 + 1, 1)"
    return f"regexp_full_match({column}, '[{_USCC_CHARACTERS}]{{18}}') and substr({column}, 18, 1) = {check}"


def _forgive_known_dates(workbench: Workbench, form: Form, earlier: EarlierSubmissions) -> None:
    """Judge dates out of bounds again: one that the row counting for the same key held before is not tested."""
    columns = {rules: names for rules, names in shared_rules(form).items() if rules in _DATE_BOUNDS}
    if not columns:
        return
    is_outside = "not (" + " and ".join(f'landed."{verdict_column(names, rules)}"' for rules, names in columns.items()) + ")"
    outside = [
        row[0] for row in workbench.execute(f'select distinct _submission_id from "{form.name}" as landed where {is_outside}')
    ]
    before = earlier(form.name, outside) if outside else ()
    if not before:
        return
    pairs = ", ".join(f"('{submission}', '{later}')" for submission, _, later in before)
    _register_dates(workbench, form, sorted({*chain(*columns.values())}), {submission: path for submission, path, _ in before})
    verdicts = ", ".join(
        f'"{verdict_column(names, rules)}" = ' + " and ".join(f"({_known_or_within(rules, name)})" for name in names)
        for rules, names in columns.items()
    )
    # of a long history only the few rows of the same keys reach the window
    workbench.execute(
        f"""update "{form.name}" as landed set {verdicts}
        from (
            select known.*, later_submission_id
            from (from {KNOWN_DATES} where form = '{form.name}') as known
            semi join (from "{form.name}" as landed where {is_outside}) as landed on record_key = {_record_key(form, "landed")}
            inner join (values {pairs}) as counted (submission_id, later_submission_id) using (submission_id)
            qualify row_number() over (partition by later_submission_id, record_key order by month desc) = 1
        ) as before
        where later_submission_id = landed._submission_id and record_key = {_record_key(form, "landed")} and {is_outside}"""
    )


def _register_dates(workbench: Workbench, form: Form, dates: Sequence[str], submissions: Mapping[str, Path]) -> None:
    """Add to ``KNOWN_DATES`` the accepted rows of those of ``submissions`` that it does not hold."""
    workbench.execute(
        f"""create schema if not exists build.audit;
        create table if not exists {KNOWN_DATES} (
            form varchar, submission_id varchar, month varchar, record_key varchar, dates map(varchar, date))"""
    )
    held = {row[0] for row in workbench.execute(f"select distinct submission_id from {KNOWN_DATES} where form = '{form.name}'")}
    paths = ", ".join(f"'{quoted(path)}'" for submission, path in submissions.items() if submission not in held)
    if not paths:
        return
    values = ", ".join(f"""'{name}': "{name}\"""" for name in dates)
    workbench.execute(
        f"""insert into {KNOWN_DATES}
        select '{form.name}', _submission_id, _month, {_record_key(form, "landed")}, map {{{values}}}
        from read_parquet([{paths}], union_by_name = true, hive_partitioning = false) as landed
        where _is_accepted"""
    )


def _record_key(form: Form, rows: str) -> str:
    return "concat_ws('|', " + ", ".join(f'{rows}."{field.name}"' for field in form.key) + ")"


def _known_or_within(rules: tuple[str, ...], column: str) -> str:
    bound = _DATE_BOUNDS[rules].replace("_month", "landed._month").replace("_is_opening", "landed._is_opening")
    return f"before.dates['{column}']" + f' is not distinct from landed."{column}" or coalesce(landed."{column}" {bound}, true)'
