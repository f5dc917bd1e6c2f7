"""The document as one HTML file that needs nothing else: pictures and the glyphs it uses are inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path

from fontTools import subset
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pylopdf_fonts_zh_cn import sans_path

from union_warehouse.reporting.report.appendix import DEFINITION_ANCHOR
from union_warehouse.reporting.report.document import Chart, Document, Note, Paragraph, Table
from union_warehouse.reporting.report.wording import ordinal

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_KINDS = {Paragraph: "paragraph", Note: "note", Table: "table", Chart: "chart"}


def html_text(document: Document, pictures: Mapping[str, bytes]) -> str:
    """The page; the same document gives the same text.

    Args:
        document: what to write.
        pictures: PNG of each chart by its caption.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template(_TEMPLATE.name)
    known = {anchor for section in document.appendices for block in section.blocks for anchor in getattr(block, "anchors", ())}
    values = {
        "document": document,
        "ordinal": ordinal,
        "kind_of": lambda block: _KINDS[type(block)],
        "pictures": {caption: base64.b64encode(picture).decode("ascii") for caption, picture in pictures.items()},
        "anchor_of": lambda code: f"{DEFINITION_ANCHOR}{code}" if f"{DEFINITION_ANCHOR}{code}" in known else None,
    }
    without_font = template.render(**values, font="")
    return template.render(**values, font=base64.b64encode(_font_of(without_font)).decode("ascii"))


def _font_of(text: str) -> bytes:
    """The glyphs of ``text`` as WOFF, for machines without a Chinese font."""
    options = subset.Options(flavor="woff", layout_features=[], hinting=False, desubroutinize=True, recalc_timestamp=False)
    font = subset.load_font(str(sans_path()), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    buffer = io.BytesIO()
    subset.save_font(font, buffer, options)
    return buffer.getvalue()
