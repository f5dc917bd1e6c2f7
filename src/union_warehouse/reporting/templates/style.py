"""How a template looks: one place for its colours, formats and widths."""

from __future__ import annotations

from functools import cached_property

import xlsxwriter
from xlsxwriter.format import Format

_FONT = "微软雅黑"
REQUIRED_COLOUR, OPTIONAL_COLOUR = "#1F4E79", "#D9E1F2"
PREFILLED_COLOUR, INPUT_COLOUR, MISSING_COLOUR = "#EAF4E4", "#FFF8DC", "#FFF2CC"
WRONG_COLOUR, UNUSUAL_COLOUR = "#F4B0B0", "#F8C88B"
_GREY = "#A6A6A6"
_BASE = {"font_name": _FONT, "font_size": 10, "valign": "vcenter"}
TEXT, DATE, INTEGER, AMOUNT = "@", "yyyy-mm-dd", "0", "#,##0.00"


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        """Make formats in ``workbook``."""
        self._workbook = workbook
        self._cells: dict[tuple[str, bool], Format] = {}

    def cell(self, number_format: str, *, is_prefilled: bool = False) -> Format:
        """An unlocked cell of data."""
        if (number_format, is_prefilled) not in self._cells:
            colour = {"bg_color": PREFILLED_COLOUR, "border": 1, "border_color": _GREY} if is_prefilled else {}
            self._cells[number_format, is_prefilled] = self._add(num_format=number_format, locked=False, **colour)
        return self._cells[number_format, is_prefilled]

    @cached_property
    def required(self) -> Format:
        """Header of a required column."""
        return self._header(bg_color=REQUIRED_COLOUR, font_color="white")

    @cached_property
    def optional(self) -> Format:
        """Header of another column."""
        return self._header(bg_color=OPTIONAL_COLOUR, font_color="#1F1F1F")

    @cached_property
    def title(self) -> Format:
        """Title of the cover."""
        return self._add(bold=True, font_size=16)

    @cached_property
    def hint(self) -> Format:
        """What helps the reader and is not read back."""
        return self._add(font_color="#404040", text_wrap=True, valign="top")

    @cached_property
    def legend(self) -> Format:
        """The line above a form's header; it runs over the cells beside it."""
        return self._add(font_color="#404040")

    @cached_property
    def label(self) -> Format:
        """Left of a fact on the cover."""
        return self._add(bold=True, border=1, border_color=_GREY, bg_color=OPTIONAL_COLOUR)

    @cached_property
    def fact(self) -> Format:
        """A fact that the template states."""
        return self._add(border=1, border_color=_GREY, num_format=TEXT)

    @cached_property
    def answer(self) -> Format:
        """A cell of the cover to be filled."""
        return self._add(border=1, border_color=_GREY, bg_color=INPUT_COLOUR, num_format=TEXT, locked=False)

    @cached_property
    def count(self) -> Format:
        """A number that the template counts."""
        return self._add(border=1, border_color=_GREY, align="center", num_format=INTEGER)

    @cached_property
    def link(self) -> Format:
        """The name of a form, which leads to its sheet."""
        return self._add(border=1, border_color=_GREY, font_color="#0563C1", underline=1)

    @cached_property
    def wrong(self) -> Format:
        """Over a cell that would be refused."""
        return self._workbook.add_format({"bg_color": WRONG_COLOUR})

    @cached_property
    def missing(self) -> Format:
        """Over a required cell of a row that somebody has begun."""
        return self._workbook.add_format({"bg_color": MISSING_COLOUR})

    @cached_property
    def unusual(self) -> Format:
        """Over a cell that is refused unless it was reported before."""
        return self._workbook.add_format({"bg_color": UNUSUAL_COLOUR})

    def _header(self, **properties: object) -> Format:
        return self._add(bold=True, border=1, border_color=_GREY, align="center", text_wrap=True, **properties)

    def _add(self, **properties: object) -> Format:
        return self._workbook.add_format(_BASE | properties)
