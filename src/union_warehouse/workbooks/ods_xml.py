"""What calamine does not tell of the sheets of an OpenDocument spreadsheet, and how far their repeated cells reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from union_warehouse.workbooks.sheet_xml import Extent, SheetFacts
from union_warehouse.workbooks.xml import Element, containers_in_bulk

_CELLS = frozenset({"table-cell", "covered-table-cell"})
_HIDDEN = frozenset({"collapse", "filter"})
_ROW_GROUPS = frozenset({"table-header-rows", "table-row-group", "table-rows"})
_LONGEST_FORMULA = 100


@dataclass
class _Table:
    """What has been seen of one sheet: the next row, and what its facts hold."""

    row: int = 0
    top: int | None = None
    bottom: int = -1
    right: int = -1
    hidden: int | None = None
    unread: dict[tuple[int, int], str] = field(default_factory=dict)

    def look_at(self, row: Element) -> None:
        """Take one row, however often it is repeated."""
        count = _repeated(row, "number-rows-repeated")
        if self.hidden is None and _attribute(row, "visibility") in _HIDDEN:
            self.hidden = self.row + 1
        column, last = 0, -1
        for cell in row:
            if not isinstance(cell.tag, str) or etree.QName(cell).localname not in _CELLS:
                continue
            repeated = _repeated(cell, "number-columns-repeated")
            if _is_filled(cell):
                last = column + repeated - 1
                text = _unread_text(cell)
                if text is not None:
                    self.unread[self.row, column] = text
            column += repeated
        if last >= 0:
            self.top = self.row if self.top is None else self.top
            self.bottom, self.right = self.row + count - 1, max(self.right, last)
        self.row += count

    def facts(self) -> SheetFacts:
        """All of it."""
        extent = Extent(self.top or 0, 0, self.bottom, self.right) if self.bottom >= 0 else Extent()
        return SheetFacts(self.unread, self.hidden, extent)


def table_facts(xml: bytes) -> Mapping[str, SheetFacts]:
    """Facts of each sheet by its name.

    Args:
        xml: the part ``content.xml``.

    Raises:
        DamagedXml: it cannot be parsed.
    """
    tables: dict[str, _Table] = {}
    for table, children in containers_in_bulk(xml, "table"):
        seen = tables.setdefault(_attribute(table, "name") or "", _Table())
        for child in children:
            for row in _rows(child):
                seen.look_at(row)
    return {name: table.facts() for name, table in tables.items()}


def _rows(child: Element) -> list[Element]:
    name = etree.QName(child).localname
    if name == "table-row":
        return [child]
    if name not in _ROW_GROUPS:
        return []
    return [row for row in child.iter() if isinstance(row.tag, str) and etree.QName(row).localname == "table-row"]


def _is_filled(cell: Element) -> bool:
    return len(cell) > 0 or _attribute(cell, "value-type") is not None or _attribute(cell, "formula") is not None


def _unread_text(cell: Element) -> str | None:
    """The text of an error value, or a formula without a stored value."""
    kinds = {
        etree.QName(str(name)).namespace: str(value) for name, value in cell.attrib.items() if _is_named(str(name), "value-type")
    }
    text = "".join("".join(part.itertext()) for part in cell if isinstance(part.tag, str) and etree.QName(part).localname == "p")
    if "error" in kinds.values():
        return text.strip() or "#VALUE!"
    formula = _attribute(cell, "formula")
    if formula is not None and not kinds and not text:
        return f"={formula.partition('=')[2][:_LONGEST_FORMULA]}"
    return None


def _repeated(element: Element, name: str) -> int:
    text = _attribute(element, name) or "1"
    return max(int(text), 1) if text.isascii() and text.isdigit() else 1


def _attribute(element: Element, wanted: str) -> str | None:
    """An attribute of any namespace."""
    return next((str(value) for name, value in element.attrib.items() if _is_named(str(name), wanted)), None)


def _is_named(name: str, wanted: str) -> bool:
    return name == wanted or name.endswith("}" + wanted)
