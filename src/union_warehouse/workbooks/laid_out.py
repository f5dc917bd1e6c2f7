"""The columns of a former layout as the contract has them today: parts of a column taken apart, those that did not exist filled."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Form, Layout
from union_warehouse.contracts.layouts import FormerSplit
from union_warehouse.workbooks.cells import Columns, normalise_texts, trim_texts


def as_laid_out_today(layout: Layout, texts: Columns, dates: Columns, length: int) -> tuple[Columns, Columns]:
    """The texts of every field of the contract, in its order; as they are if the layout is the current one.

    Args:
        layout: that the texts have.
        texts: by field, of parts of one column those of the whole.
        dates: of fields of texts that hold days, whether each cell holds one.
        length: number of rows.

    Returns:
        The texts; and of the fields where some cell cannot be read whatever its text says, whether each cell is one: a day
        where a text belongs, or a cell that its pattern does not take apart. Such a cell keeps its whole text in every part.
    """
    if layout.is_current:
        return texts, dates
    found, unread = dict(texts), dict(dates)
    for split in layout.splits:
        parts, is_whole = _parts(split, texts[split.fields[0]])
        found |= _without_persons(is_whole, parts, layout.form)
        unread |= dict.fromkeys(split.fields, is_whole)
    for name, default in layout.absent.items():
        if name not in texts:
            found[name] = pa.repeat(pa.scalar(default, pa.string()), length)
    return {name: found[name] for name in layout.form.field_names}, unread


def _parts(split: FormerSplit, whole: pa.Array) -> tuple[Columns, pa.Array]:
    """The part of each cell by field, and whether the cell could not be taken apart."""
    pattern = f"(?s)^(?:{split.pattern})$"
    found = pc.extract_regex(whole, pattern)
    folded = pc.extract_regex(normalise_texts(whole), pattern)  # texts stay as typed where they can
    is_whole = pc.and_(pc.is_valid(whole), pc.and_(pc.is_null(found), pc.is_null(folded)))
    parts = {
        name: pc.if_else(is_whole, whole, trim_texts(pc.coalesce(_field(found, name), _field(folded, name))))
        for name in split.fields
    }
    return parts, is_whole


def _field(parts: pa.Array, name: str) -> pa.Array:
    return pc.if_else(pc.is_valid(parts), pc.struct_field(parts, name), pa.scalar(None, pa.string()))


def _without_persons(is_whole: pa.Array, parts: Columns, form: Form) -> Columns:
    """Of a column that names persons, a cell that was not taken apart shows nothing: which part of it is whose is not known."""
    if not any(form.field(name).is_personal for name in parts):
        return parts
    return {name: pc.if_else(is_whole, pc.replace_substring_regex(part, "(?s).", "*"), part) for name, part in parts.items()}
