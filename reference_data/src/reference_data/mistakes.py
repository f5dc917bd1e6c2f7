"""Mistakes that departments make: each changes the true rows of a submission into what was sent first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

Tables = dict[str, pd.DataFrame]
Mistake = Callable[[Tables], Tables]

_CHECK_LETTERS = "0123456789"
_LETTERS_TO_DIGITS = str.maketrans(dict.fromkeys("ABCDEFGHJKLMNPQRTUWXY", "7"))


def _changed(tables: Tables, form: str, column: str, values: Mapping[int, Any]) -> Tables:
    """``tables`` with cells of one column replaced, as far as the form has so many rows."""
    rows = tables[form].astype({column: object}).copy()
    for row, value in values.items():
        if row < len(rows):
            rows.loc[row, column] = value
    return {**tables, form: rows}


def wrong_check(text: str) -> str:
    """The same number with another last character."""
    last = _CHECK_LETTERS.find(text[-1])
    return text[:-1] + _CHECK_LETTERS[(last + 1) % len(_CHECK_LETTERS)]


def wrong_values(tables: Tables) -> Tables:
    """Values outside their lists, failed check characters; a union's founding among them, so that its members wait too."""
    tables = _changed(tables, "member_changes", "change", {0: "调出"})
    tables = _changed(tables, "member_changes", "id_number", {1: wrong_check(tables["member_changes"]["id_number"][1])})
    tables = _changed(tables, "union_coverage", "uscc", {0: wrong_check(tables["union_coverage"]["uscc"][0])})
    return _changed(tables, "union_register", "union_type", {0: "联合会"})


def one_value_outside_list(tables: Tables) -> Tables:
    """One kind of change that no list has."""
    return _changed(tables, "member_changes", "change", {2: "新入"})


def repeated_and_misdated(tables: Tables) -> Tables:
    """A number used twice, a date after the month, a date before the window."""
    rows = tables["member_changes"]
    day = pd.Timestamp(rows["changed_on"].max())
    tables = _changed(tables, "member_changes", "change_no", {1: rows["change_no"][0]})
    return _changed(tables, "member_changes", "changed_on", {3: day + pd.Timedelta(days=40), 4: day - pd.Timedelta(days=160)})


def missing_column(tables: Tables) -> Tables:
    """A sheet without the column 外来务工: the form is rejected, the others are taken."""
    return {**tables, "member_changes": tables["member_changes"].drop(columns="migrant")}


def inspections_forgotten(tables: Tables) -> Tables:
    """Hazards without the inspections that found them."""
    inspections = tables["safety_inspections"]
    named = inspections["inspection_no"].isin(tables["hazards"]["inspection_no"])
    return {**tables, "safety_inspections": inspections[~named].reset_index(drop=True)}


def rows_forgotten(tables: Tables) -> Tables:
    """The last third of the members' changes is missing."""
    rows = tables["member_changes"]
    return {**tables, "member_changes": rows.iloc[: len(rows) * 2 // 3]}


def activity_that_never_was(tables: Tables) -> Tables:
    """A planned activity reported as held; the corrected version withdraws it."""
    rows = tables["training_activities"]
    planned = rows[rows["kind"] == "grassroots"].head(1)
    number = planned["activity_no"].str.replace(r"\d{4}$", "9999", regex=True)
    extra = planned.assign(activity_no=number, title="样例计划中未举办的活动", sessions=12)
    return {**tables, "training_activities": pd.concat([rows, extra], ignore_index=True)}


def numbers_as_floats(tables: Tables) -> Tables:
    """Identity numbers typed into number cells: the last digits are gone."""
    numbers = tables["member_changes"]["id_number"]
    digits = [row for row in range(len(numbers)) if numbers[row].isdigit()][:2]
    return _changed(tables, "member_changes", "id_number", {row: float(numbers[row]) for row in digits})


def old_codes(tables: Tables) -> Tables:
    """An organisation code (9 characters) and a registration number (15 digits) in place of the unified code."""
    code = tables["safety_inspections"]["uscc"]
    registration = "3301030" + code[1][10:17].translate(_LETTERS_TO_DIGITS) + "0"
    return _changed(tables, "safety_inspections", "uscc", {0: code[0][8:17], 1: registration})


def broken_identities(tables: Tables) -> Tables:
    """A closing that does not follow from its movements; more women than members."""
    closing = tables["member_counts"]["closing"]
    tables = _changed(tables, "member_counts", "closing", {0: int(closing[0]) + 10})
    return _changed(tables, "member_counts", "women", {1: int(closing[1]) + 1})


def title_missing(tables: Tables) -> Tables:
    """A required cell left empty."""
    return _changed(tables, "training_activities", "title", {0: None})


def impossible_values(tables: Tables) -> Tables:
    """A day that no calendar has, a number in words, a negative number."""
    inspections = tables["safety_inspections"]
    month = pd.Timestamp(inspections["inspected_on"].iloc[0]).strftime("%Y-%m")
    tables = _changed(tables, "safety_inspections", "inspected_on", {0: f"{month}-32"})
    tables = _changed(tables, "safety_inspections", "inspectors", {1: "三人"})
    return _changed(tables, "safety_inspections", "hazards_found", {2: -1})


def old_resident_numbers(tables: Tables) -> Tables:
    """Resident numbers of 15 digits, as they were before 1999."""
    numbers = tables["member_changes"]["id_number"]
    return _changed(
        tables,
        "member_changes",
        "id_number",
        {row: numbers[row][:6] + numbers[row][8:17] for row in range(min(3, len(numbers)))},
    )


def wrong_assistance(tables: Tables) -> Tables:
    """A failed check character and a negative amount."""
    numbers = tables["assistance"]["id_number"]
    tables = _changed(tables, "assistance", "id_number", {0: wrong_check(numbers[0])})
    return _changed(tables, "assistance", "amount", {1: -300.0})


def numbers_in_scientific_notation(tables: Tables) -> Tables:
    """An export that was opened and saved by a spreadsheet: identity numbers as ``3.399E+17``."""
    numbers = tables["assistance"]["id_number"]
    return _changed(tables, "assistance", "id_number", {row: f"{float(numbers[row][:17]) * 10:.5E}" for row in (0, 1)})


def list_pasted_twice(tables: Tables) -> Tables:
    """The first third of a list is in the sheet twice: every number in it is used twice."""
    rows = tables["assistance"]
    return {**tables, "assistance": pd.concat([rows, rows.iloc[: len(rows) // 3]], ignore_index=True)}


def unknown_honour(tables: Tables) -> Tables:
    """An honour that no list has."""
    return _changed(tables, "honours", "honour", {0: "全国先进工作者"})


def closed_too_early(tables: Tables) -> Tables:
    """A case closed before it was received; an amount in words."""
    cases = tables["rights_cases"]
    tables = _changed(tables, "rights_cases", "closed_on", {0: pd.Timestamp(cases["received_on"][0]) - pd.Timedelta(days=3)})
    return _changed(tables, "rights_cases", "claimed", {1: "八万余元"})


def ends_before_it_begins(tables: Tables) -> Tables:
    """An event whose last day lies before its first; it waits until the dates are right."""
    events = tables["cultural_activities"]
    row = int(events["kind"].eq("festival").to_numpy().argmax())
    return _changed(tables, "cultural_activities", "held_to", {row: pd.Timestamp(events["held_on"][row]) - pd.Timedelta(days=1)})


def heat_forgotten(tables: Tables) -> Tables:
    """The visits in high temperature are missing."""
    visits = tables["visits"]
    return {**tables, "visits": visits[visits["kind"] != "high_temperature"].reset_index(drop=True)}


def visitor_missing(tables: Tables) -> Tables:
    """A visit without its visitor, another to an enterprise with a wrong code."""
    visits = tables["visits"]
    row = int(visits["uscc"].notna().to_numpy().argmax())
    tables = _changed(tables, "visits", "uscc", {row: wrong_check(visits["uscc"][row])})
    return _changed(tables, "visits", "visitor", {row + 1: None})


def beyond_hundred(tables: Tables) -> Tables:
    """Progress of 350 per cent, where 35 was meant."""
    percent = tables["commitments"]["percent"]
    return _changed(tables, "commitments", "percent", {row: value * 10 for row, value in enumerate(percent) if value == value})
