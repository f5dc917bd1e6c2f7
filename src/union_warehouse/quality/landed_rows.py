"""The audit's own table of one form's landed rows, with verdicts that no GX expectation can express.

The row checks on the way in are one implementation of the contract; this SQL and the GX suite are another, written
apart from it. A row on which the two differ stops the close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from union_warehouse.contracts import DateRole, Field, Form
from union_warehouse.contracts.derive import landed_columns
from union_warehouse.quality.gx_duckdb import Workbench, quoted
from union_warehouse.quality.suites import ACCEPTED_AGREES, NATURAL_KEY, UNREAD_RULES, verdict_column

EarlierFiles = Callable[[str, Iterable[str]], Mapping[Path, Sequence[str]]]
"""What counted when a submission arrived: (form, submissions) to the department's landed Parquet, each with those submissions."""

PROBLEMS = "row_problems"
_USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FIRST_DAY = "cast(_month || '-01' as date)"


def create_problems_table(workbench: Workbench, files: Sequence[Path]) -> None:
    """Create the table ``row_problems`` of the quarantine ``files``: _submission_id, form, sheet, row, column, rule, severity."""
    names = ", ".join(f"'{quoted(path)}'" for path in files)
    workbench.execute(
        f"""create table {PROBLEMS} as
        select _submission_id, form, sheet as _sheet, "row" as _row, "column" as column_name, "rule" as rule_code, severity
        from read_parquet([{names}], union_by_name = true, hive_partitioning = false)
        where "row" is not null"""
    )


def create_landed_table(workbench: Workbench, form: Form, files: Sequence[Path], earlier: EarlierFiles) -> None:
    """Create the table ``<form>`` of the landed rows in ``files`` with the audit's verdicts.

    Args:
        workbench: the audit's DuckDB, with :func:`create_problems_table` done.
        form: the form.
        files: landed Parquet of the submissions under audit, one per department and month.
        earlier: asked only where a date is outside its bounds: a date that the department's last accepted row of the
            same key had already is not tested again.
    """
    verdicts = {_verdict((rule.column,), rule.code): rule.predicate for rule in form.rules}
    for field in form.fields:
        verdicts |= _field_verdicts(field)
    verdicts[verdict_column(tuple(field.name for field in form.fields), UNREAD_RULES)] = " and ".join(
        f'("{field.name}__text" is null or "{field.name}" is not null)' for field in form.fields
    )
    verdicts[NATURAL_KEY] = _natural_key(form)
    verdicts[ACCEPTED_AGREES] = "_is_accepted = (has_error is null)"
    columns = ", ".join(f'({sql}) as "{name}"' for name, sql in verdicts.items())
    workbench.execute(
        f"""create table "{form.name}" as
        select landed.*, {columns}
        from ({_landed(form, files)}) as landed
        left join (
            select distinct _submission_id, _sheet, _row, true as has_error
            from {PROBLEMS} where form = '{form.name}' and severity = 'error'
        ) as errors using (_submission_id, _sheet, _row)"""
    )
    _forgive_known_dates(workbench, form, earlier)


def _verdict(columns: tuple[str, ...], rule: str) -> str:
    return verdict_column(columns, (rule,))


def _landed(form: Form, files: Sequence[Path], *virtual_columns: str) -> str:
    names = ", ".join(f"'{quoted(path)}'" for path in files)
    columns = ", ".join(f'"{name}"' for name in (*landed_columns(form), *virtual_columns))
    return f"select {columns} from read_parquet([{names}], union_by_name = true, hive_partitioning = false)"


def _natural_key(form: Form) -> str:
    parts = [f'"{field.name}"' for field in form.key]
    has_gap = " or ".join(f"{part} is null" for part in parts)
    return f"case when {has_gap} then null else concat_ws('|', _department, _month, {', '.join(parts)}) end"


def _field_verdicts(field: Field) -> dict[str, str]:
    verdicts = {}
    name = f'"{field.name}"'
    if field.checker == "uscc":
        verdicts[_verdict((field.name,), "invalid_uscc")] = uscc_is_valid(name)
    elif field.checker:
        # the number is only landed as a keyed hash: its validity cannot be computed again, only its flag be read
        verdicts[_verdict((field.name,), f"invalid_{field.checker}")] = f'"{field.name}__valid"'
    for rule, bound in _date_bounds(field).items():
        verdicts[_verdict((field.name,), rule)] = f"{name} {bound}"
    return verdicts


def _date_bounds(field: Field) -> dict[str, str]:
    """Bounds of a date by the rule that a date beyond it breaks (domain: Business rules); an opening row may hold any past date."""
    bounds = {}
    if field.date_role is DateRole.EVENT:
        bounds["date_after_month"] = f"<= last_day({_FIRST_DAY})"
    if field.date_role in (DateRole.EVENT, DateRole.END):
        bounds["date_before_window"] = f">= case when _is_opening then '-infinity'::date else {_FIRST_DAY} - interval 3 month end"
    return bounds


def uscc_is_valid(column: str) -> str:
    """SQL: whether ``column`` is a unified social credit code with the check character of GB 32100, null if it is null."""
    total = " + ".join(
        f"(instr('{_USCC_CHARACTERS}', substr({column}, {position}, 1)) - 1) * {pow(3, position - 1, 31)}" for position in range(1, 18)
    )
    check = f"substr('{_USCC_CHARACTERS}', (31 - ({total}) % 31) % 31 + 1, 1)"
    return f"regexp_full_match({column}, '[{_USCC_CHARACTERS}]{{18}}') and substr({column}, 18, 1) = {check}"


def _forgive_known_dates(workbench: Workbench, form: Form, earlier: EarlierFiles) -> None:
    """Set a date's verdict to true where the row that counted for the same key when it arrived held the same date."""
    dated = {_verdict((field.name,), rule): field.name for field in form.fields for rule in _date_bounds(field)}
    if not dated:
        return
    is_outside = "(" + " or ".join(f'not landed."{verdict}"' for verdict in dated) + ")"
    outside = [row[0] for row in workbench.execute(f'select distinct _submission_id from "{form.name}" as landed where {is_outside}')]
    files = earlier(form.name, outside) if outside else {}
    if not files:
        return
    key = ", ".join(f'before."{field.name}"' for field in form.key)
    same_key = " and ".join(f'before."{field.name}" = landed."{field.name}"' for field in form.key)
    dates = ", ".join(
        f'"{verdict}" = landed."{verdict}" or before."{name}" is not distinct from landed."{name}"' for verdict, name in dated.items()
    )
    pairs = ", ".join(f"('{quoted(path)}', '{later}')" for path, submissions in files.items() for later in submissions)
    workbench.execute(
        f"""update "{form.name}" as landed set {dates}
        from (
            select before.*, later_submission_id
            from ({_landed(form, list(files), "filename")}) as before
            inner join (values {pairs}) as counted (filename, later_submission_id) using (filename)
            where _is_accepted
            qualify row_number() over (partition by later_submission_id, {key} order by before._month desc) = 1
        ) as before
        where later_submission_id = landed._submission_id and {same_key} and {is_outside}"""
    )
