"""What of a receipt is printed: the sheets that hold something."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from union_warehouse.landing.manifests import AnyManifest, edition_of
from union_warehouse.landing.states import REJECTED
from union_warehouse.submissions.identify import find_form
from union_warehouse.workbooks.cover import NIL


def leave_out_of_print(workbook: Workbook, manifest: AnyManifest) -> None:
    """Give the sheets of forms without rows a print area that holds nothing: Excel prints no page of it.

    They stay in sight, so that a corrected receipt can still report rows; a sheet that an earlier receipt left out and that holds rows
    by now is printed again.
    """
    empty = {form["form"] for form in manifest["forms"] if form["return"] == NIL and form["state"] != REJECTED}
    for sheet in workbook.worksheets:
        form = find_form(sheet.title, edition_of(manifest))
        if form is not None and form.name in empty:
            sheet.print_area = f"{get_column_letter(sheet.max_column + 1)}{sheet.max_row + 1}"
        elif form is not None and _prints_nothing(sheet):
            sheet.print_area = None


def _prints_nothing(sheet: Worksheet) -> bool:
    """Whether a print area is one cell that does not exist."""
    place = str(sheet.print_area or "").rpartition("!")[2].replace("$", "")
    return place.isalnum() and place not in {cell.coordinate for cell in sheet._cells.values()}
