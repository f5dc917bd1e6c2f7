"""A volume as one HTML file that needs nothing else: pictures and the glyphs it uses are inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path

from fontTools import subset
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pylopdf_fonts_zh_cn import sans_path

from union_warehouse.reporting.report.appendix import DEFINITION_ANCHOR
from union_warehouse.reporting.report.document import Chart, Heading, Note, Paragraph, Table, Volume

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_KINDS = {Paragraph: "paragraph", Heading: "heading", Note: "note", Table: "table", Chart: "chart"}


def html_text(volume: Volume, pictures: Mapping[str, bytes], definitions: tuple[Volume, str] | None = None) -> str:
    """The page; the same volume gives the same text.

    Args:
        volume: what to write.
        pictures: PNG of each chart by its caption.
        definitions: the volume that defines the indicators, and its file beside this one, to which their numbers lead.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template(_TEMPLATE.name)
    defining, file = definitions or (volume, "")
    known = {anchor for section in defining.sections for block in section.blocks for anchor in getattr(block, "anchors", ())}
    values = {
        "volume": volume,
        "kind_of": lambda block: _KINDS[type(block)],
        "pictures": {caption: base64.b64encode(picture).decode("ascii") for caption, picture in pictures.items()},
        "link_to": lambda code: f"{file}#{DEFINITION_ANCHOR}{code}" if f"{DEFINITION_ANCHOR}{code}" in known else None,
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
