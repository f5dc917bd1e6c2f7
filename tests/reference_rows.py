"""An independent reading of reference files: effective versions and verdicts in plain pandas, from the documents alone."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook

from union_warehouse.contracts import DateRole, Federation, Field, FieldType, Form, forms_owed, load_forms

_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@cache
def is_uscc(text: str) -> bool:
    if not re.fullmatch(f"[{_USCC}]{{18}}", text):
        return False
    total = sum(_USCC.index(letter) * pow(3, place, 31) for place, letter in enumerate(text[:17]))
    return text[17] == _USCC[-total % 31]


@cache
def is_resident_number(text: str) -> bool:
    if not re.fullmatch(r"\d{17}[\dX]", text):
        return False
    date.fromisoformat(f"{text[6:10]}-{text[10:12]}-{text[12:14]}")
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17]


def _date(cell: object) -> pd.Timestamp | None:
    if isinstance(cell, date):
        return pd.Timestamp(cell)
    if isinstance(cell, float):
        return pd.Timestamp(datetime(1899, 12, 30, tzinfo=UTC).replace(tzinfo=None) + timedelta(days=cell))
    parts = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", str(cell))
    if parts is None:
        return None
    year, month, day = map(int, parts.groups())
    try:
        return pd.Timestamp(datetime(year, month, day))
    except ValueError:
        return None


def _typed(cell: object, field: Field, codes: dict[str, str]) -> object:
    """The value of a cell, ``...`` for one that is no value of its field's type."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        cell = cell.strip() if field.is_free_text else unicodedata.normalize("NFKC", cell).strip()
    kind = field.type
    if kind is FieldType.DATE:
        return _date(cell) or ...
    if kind in (FieldType.INTEGER, FieldType.DECIMAL):
        text = str(cell).replace(",", "")
        return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else ...
    return codes.get(str(cell), ...) if codes else cell


def _table(form: Form, grid: Sequence[Sequence[Any]]) -> pd.DataFrame | None:
    """Typed rows of a sheet, None if a column is missing."""
    labels = [field.label for field in form.fields]
    top = next(row for row in range(20) if set(map(str, grid[row])) & set(labels) and len(grid[row]) > 1 and grid[row][1] != "")
    header = [str(cell) for cell in grid[top]]
    if not set(header) >= set(labels):
        return None
    rows = [row for row in grid[top + 1 :] if row[0] != "合计"]
    columns = {}
    for field in form.fields:
        codes = {label: code for code, label in field.enum} | {code: code for code, _ in field.enum}
        place = header.index(field.label)
        columns[field.name] = [_typed(row[place], field, codes) for row in rows]
    return pd.DataFrame(columns, dtype=object)


@cache
def _read(path: Path) -> tuple[str, str, dict[str, pd.DataFrame]] | None:
    """Month, department and tables of one file, without forms that are rejected; None if all are."""
    forms = load_forms()
    if path.suffix == ".csv":
        month, department, form = path.stem.removesuffix(" (1)").split("_", 2)
        table = _table(forms[form], list(csv.reader(path.read_text("gb18030").splitlines())))
        return None if table is None else (month, department, {form: table})
    book = CalamineWorkbook.from_path(path)
    cover = book.get_sheet_by_name("封面").to_python()
    facts = {str(row[0]): row[1] for row in cover}
    department, month = str(facts["单位代码"]), str(facts["报送月份"])
    tables = {}
    for owed in forms_owed(Federation.load().units(month)[department]):
        if facts[owed.sheet] == "零报告":
            tables[owed.name] = pd.DataFrame(columns=[field.name for field in owed.fields])
            continue
        table = _table(owed, book.get_sheet_by_name(owed.sheet).to_python())
        if table is not None:
            tables[owed.name] = table
    return (month, department, tables) if tables else None


def effective_rows(folder: Path, known_at: str) -> dict[str, pd.DataFrame]:
    """Accepted rows of every form in their effective versions, with department and month; cross-submission verdicts made."""
    with (folder / "arrivals.csv").open(encoding="utf-8") as file:
        arrivals = sorted((row["received_at"], row["file"]) for row in csv.DictReader(file))
    effective: dict[tuple[str, str, str], pd.DataFrame] = {}
    for received_at, name in arrivals:
        if received_at <= known_at and (read := _read(folder / name)) is not None:
            month, department, tables = read
            effective.update({(month, department, form): table for form, table in tables.items()})
    first_month = min(month for month, _, _ in effective)
    parts: dict[str, list[tuple[pd.DataFrame, str, str]]] = {form: [] for form in load_forms()}
    keys: dict[tuple[str, str], set[object]] = {}
    for (month, department, form), table in sorted(effective.items(), key=lambda item: item[0]):
        if table.empty:
            continue
        known = keys.setdefault((department, form), set())
        good = table[_verdicts(load_forms()[form], table, month, month == first_month, known)]
        known.update(_key(load_forms()[form], good))
        parts[form].append((good, department, month))
    return _with_parents({form: _all(form, tables) for form, tables in parts.items()})


def _all(form: str, parts: list[tuple[pd.DataFrame, str, str]]) -> pd.DataFrame:
    columns = [*(field.name for field in load_forms()[form].fields), "department", "month"]
    if not parts:
        return pd.DataFrame(columns=columns)
    tables, departments, months = zip(*parts, strict=True)
    sizes = [len(table) for table in tables]
    return pd.concat(tables, ignore_index=True).assign(department=np.repeat(departments, sizes), month=np.repeat(months, sizes))


def _key(form: Form, table: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(zip(*(table[field.name] for field in form.key), strict=True))


def _verdicts(form: Form, table: pd.DataFrame, month: str, is_opening: bool, known: set[object]) -> list[bool]:
    first = pd.Timestamp(f"{month}-01")
    window = (first - pd.DateOffset(months=3), first + pd.DateOffset(months=1))
    keys = _key(form, table)
    used = Counter(keys)
    lasting = [is_opening or key in known for key in keys]
    good = [used[key] == 1 for key in keys]
    for field in form.fields:
        cells = zip(good, table[field.name].tolist(), lasting, strict=True)
        good = [so_far and _is_good(field, cell, window, is_lasting) for so_far, cell, is_lasting in cells]
    rule = ROW_RULES.get(form.name)
    if rule is None:
        return good
    rows = zip(good, table.to_dict("records"), strict=True)
    return [so_far and rule({str(name): value for name, value in row.items()}) for so_far, row in rows]


def _is_good(field: Field, cell: Any, window: tuple[pd.Timestamp, pd.Timestamp], is_lasting: bool) -> bool:
    """Whether one cell may count; the dates of a row that is known already, or of the opening, may lie far back."""
    if cell is None:
        return not field.is_required
    if cell is ... or (field.minimum is not None and cell < 0):
        return False
    if field.checker:
        check = is_uscc if field.checker == "uscc" else is_resident_number
        return isinstance(cell, str) and check(cell)
    if field.date_role is DateRole.EVENT:
        return cell < window[1] and (is_lasting or cell >= window[0])
    return True


def _counts_agree(row: dict[str, Any]) -> bool:
    movement = row["joined"] + row["transferred_in"] - row["transferred_out"] - row["left"]
    return row["opening"] + movement == row["closing"] and max(row["women"], row["mutual_aid"]) <= row["closing"]


ROW_RULES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "member_counts": _counts_agree,
    "rights_cases": lambda row: row["closed_on"] is None or row["closed_on"] >= row["received_on"],
    "cultural_activities": lambda row: row["held_to"] is None or row["held_to"] >= row["held_on"],
    "commitments": lambda row: row["percent"] is None or row["percent"] <= 100,
}


def _with_parents(rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Rows whose union is registered on their day, hazards whose inspection is known, nobody joining one union twice."""
    register = rows["union_register"]
    founded = register[register["event"] == "established"].set_index("union_code")["event_on"]
    dissolved = register[register["event"] == "dissolved"].set_index("union_code")["event_on"]
    for form, day in {
        "union_coverage": "covered_from",
        "member_changes": "changed_on",
        "qualification_promotions": "certified_on",
    }.items():
        table = rows[form]
        begins = pd.to_datetime(table["union_code"].map(founded))
        ends = pd.to_datetime(table["union_code"].map(dissolved)).fillna(pd.Timestamp("2100-01-01"))
        rows[form] = table[(begins <= pd.to_datetime(table[day])) & (pd.to_datetime(table[day]) < ends)]
    counts = rows["member_counts"]
    month_end = pd.to_datetime(counts["month"] + "-01") + pd.offsets.MonthEnd(0)
    ends = pd.to_datetime(counts["union_code"].map(dissolved)).fillna(pd.Timestamp("2100-01-01"))
    rows["member_counts"] = counts[(pd.to_datetime(counts["union_code"].map(founded)) <= month_end) & (month_end < ends)]
    rows["hazards"] = rows["hazards"][rows["hazards"]["inspection_no"].isin(rows["safety_inspections"]["inspection_no"])]
    changes = rows["member_changes"].sort_values("changed_on", kind="stable")
    previous = changes.groupby(["id_number", "union_code"])["change"].shift()
    rows["member_changes"] = changes[~((changes["change"] == "join") & (previous == "join"))]
    return rows
