"""A volume as a Word file, in the fonts of official documents (GB/T 9704: 仿宋 text, 黑体 headings), smaller, so that it has few pages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

import docx
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import Table as WordTable
from docx.table import _Row
from docx.text.paragraph import Paragraph as WordParagraph

from union_warehouse.clockless_zip import ClocklessZip
from union_warehouse.display import display_width
from union_warehouse.reporting.report.document import Block, Chart, Heading, Note, Paragraph, Section, Table, Volume

_LATIN = "Times New Roman"
_TEXT, _HEADING, _TITLE = "仿宋", "黑体", "宋体"
_SIZE = 11
_TEXT_WIDTH = Mm(166)
_PICTURE_WIDTH = Mm(140)
_NARROW_TABLE = 8
_SHORT_TABLE = 100
_WIDE_COLUMN, _NARROW_COLUMN = 60, 18
_CELL_MARGINS = Pt(13)
_HEADING_LINES, _UNBROKEN = 4, 8
_ROWS_WITH_HEADER = 3
_ROWS_OF_HALF_A_PAGE = 22
"""A table of so many rows is not torn: it leaves at most half a page empty before it."""


def docx_bytes(volume: Volume, pictures: Mapping[str, bytes]) -> bytes:
    """The file; the same volume gives the same bytes.

    Args:
        volume: what to write.
        pictures: PNG of each chart by its caption.
    """
    word = docx.Document()
    _set_page(word)
    _set_styles(word)
    _set_properties(word, volume)
    word.add_paragraph(volume.title, style="Title")
    word.add_paragraph(volume.subtitle, style="Subtitle")
    if volume.summary:
        _write_section(word, volume.summary.title, volume.summary, pictures)
    for number, section in enumerate(volume.sections, start=1):
        is_new_page = number == 1 and volume.summary is not None
        _write_section(word, f"{volume.number(number)}{section.title}", section, pictures, is_new_page=is_new_page)
    buffer = io.BytesIO()
    word.save(buffer)
    return _without_clock(buffer.getvalue())


def _set_page(word: WordDocument) -> None:
    page = word.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(20), Mm(20), Mm(22), Mm(22)
    page.footer_distance = Mm(10)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    footer.add_run("— ")
    _add_field(footer, "PAGE")
    footer.add_run(" —")
    for run in footer.runs:
        run.font.size = Pt(9)
        _set_fonts(run._element.get_or_add_rPr(), _TITLE)


def _add_field(paragraph: WordParagraph, instruction: str) -> None:
    for kind in ("begin", "instruction", "end"):
        run = paragraph.add_run()
        if kind == "instruction":
            element = OxmlElement("w:instrText")
            element.text = instruction
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._element.append(element)


def _set_styles(word: WordDocument) -> None:
    styles = word.styles
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")  # decides the shape of characters and punctuation
    text = _style(word, "Normal", _TEXT, _SIZE)
    text.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    text.paragraph_format.line_spacing = Pt(17)
    text.paragraph_format.space_after = Pt(0)
    title = _style(word, "Title", _TITLE, 18, is_bold=True)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.line_spacing = Pt(26)
    title.paragraph_format.space_after = Pt(2)
    _remove_border(title)
    subtitle = _style(word, "Subtitle", _TEXT, 9)
    subtitle.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    subtitle.paragraph_format.space_after = Pt(6)
    heading = _style(word, "Heading 1", _HEADING, 14)
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(8), Pt(3)
    heading.paragraph_format.keep_with_next = True
    within = _style(word, "Heading 2", _HEADING, _SIZE)
    within.paragraph_format.space_before, within.paragraph_format.space_after = Pt(6), Pt(0)
    within.paragraph_format.keep_with_next = True
    caption = _style(word, "Caption", _HEADING, 9)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(4), Pt(2)
    for name, size, alignment in (
        ("Note", 8, None),
        ("Cell", 8, WD_ALIGN_PARAGRAPH.LEFT),
        ("Number Cell", 8, WD_ALIGN_PARAGRAPH.RIGHT),
        ("Dense Cell", 7.5, WD_ALIGN_PARAGRAPH.LEFT),
        ("Dense Number Cell", 7.5, WD_ALIGN_PARAGRAPH.RIGHT),
    ):
        styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
        small = _style(word, name, _TITLE, size)
        small.paragraph_format.alignment = alignment
        small.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        small.paragraph_format.space_before = small.paragraph_format.space_after = Pt(0.5)


def _style(word: WordDocument, name: str, font: str, size: float, *, is_bold: bool = False) -> ParagraphStyle:
    style = word.styles[name]
    if not isinstance(style, ParagraphStyle):
        raise TypeError(f"{name} is no paragraph style")
    style.font.size = Pt(size)
    style.font.bold = is_bold
    style.font.italic = False
    style.font.color.rgb = None
    properties = style.element.get_or_add_rPr()
    for element in properties.findall(qn("w:color")):
        properties.remove(element)
    _set_fonts(properties, font)
    return style


def _set_fonts(properties: object, east_asian: str) -> None:
    """Latin and East Asian font; theme fonts of the default template would win over both."""
    fonts = properties.get_or_add_rFonts()  # type: ignore[attr-defined]
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), _LATIN)
    fonts.set(qn("w:eastAsia"), east_asian)


def _remove_border(style: ParagraphStyle) -> None:
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _set_properties(word: WordDocument, volume: Volume) -> None:
    """Core properties; their times are the release's, so that the file does not depend on when it was written."""
    properties = word.core_properties
    known_at = datetime.fromisoformat(volume.properties["known_at"])
    properties.title = volume.title
    properties.subject = volume.properties["period"]
    properties.author = properties.last_modified_by = f"union-warehouse {volume.properties['code_version']}"
    properties.comments = volume.subtitle
    properties.keywords = volume.properties["release_id"]
    properties.language = "zh-CN"
    properties.revision = 1
    properties.created = properties.modified = known_at


def _write_section(
    word: WordDocument, heading: str, section: Section, pictures: Mapping[str, bytes], *, is_new_page: bool = False
) -> None:
    paragraph = word.add_paragraph(heading, style="Heading 1")
    paragraph.paragraph_format.page_break_before = is_new_page
    for block in section.blocks:
        _write_block(word, block, pictures)


def _write_block(word: WordDocument, block: Block, pictures: Mapping[str, bytes]) -> None:
    if isinstance(block, Paragraph):
        paragraph = word.add_paragraph(block.text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.first_line_indent = Pt(2 * _SIZE)
    elif isinstance(block, Heading):
        word.add_paragraph(block.text, style="Heading 2")
    elif isinstance(block, Note):
        word.add_paragraph(block.text, style="Note")
    elif isinstance(block, Chart):
        _write_picture(word, block, pictures[block.caption])
    else:
        _write_table(word, block)


def _write_picture(word: WordDocument, chart: Chart, picture: bytes) -> None:
    paragraph = word.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(4)
    shape = paragraph.add_run().add_picture(io.BytesIO(picture), width=_PICTURE_WIDTH)
    shape._inline.docPr.set("descr", f"{chart.caption}。{chart.description}")
    word.add_paragraph(chart.caption, style="Caption")


def _write_table(word: WordDocument, block: Table) -> None:
    caption = word.add_paragraph(block.caption, style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = word.add_table(rows=1 + len(block.rows), cols=len(block.header), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    is_dense = len(block.header) > _NARROW_TABLE or len(block.rows) > _SHORT_TABLE
    widths = column_widths(block, 7.5 if is_dense else 8)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    density = "Dense " if is_dense else ""
    plain, number = (word.styles[density + name].style_id for name in ("Cell", "Number Cell"))
    for row, texts in zip(table.rows, (block.header, *block.rows), strict=True):
        _keep_row_whole(row)
        for index, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.width = widths[index]
            paragraph = cell.paragraphs[0]
            paragraph._p.style = number if index in block.numeric else plain  # by id, since a name is looked up in all styles
            paragraph.add_run(text)
    _mark_header(table, block)
    word.add_paragraph(style="Note").paragraph_format.space_after = Pt(0)


def _mark_header(table: WordTable, block: Table) -> None:
    header = table.rows[0]
    repeat = OxmlElement("w:tblHeader")
    header._tr.get_or_add_trPr().append(repeat)
    bold = [header, table.rows[1]] if block.has_total else [header]
    for row in bold:
        for cell in row.cells:
            cell.paragraphs[0].runs[0].font.bold = True
    kept = table.rows[:-1] if len(block.rows) <= _ROWS_OF_HALF_A_PAGE else table.rows[:_ROWS_WITH_HEADER]
    for row in kept:
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    for cell in header.cells:
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F2F2F2")):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _keep_row_whole(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def column_widths(block: Table, size: float) -> list[int]:
    """Widths in EMU: narrow columns as their cells need, the room that is left for the wide ones; headings may break.

    Args:
        block: the table.
        size: of its letters, in points.
    """
    lengths = []
    for index, heading in enumerate(block.header):
        of_heading = display_width(heading)
        asked_by_heading = max(of_heading // _HEADING_LINES, min(of_heading, _UNBROKEN))
        longest = max((display_width(row[index]) for row in block.rows), default=0)
        lengths.append(min(max(longest, asked_by_heading), _WIDE_COLUMN if index in block.wide else _NARROW_COLUMN))
    needed = [Pt(length * size / 2) + _CELL_MARGINS for length in lengths]
    growing = block.wide or frozenset(range(len(needed)))
    room = _TEXT_WIDTH - sum(width for index, width in enumerate(needed) if index not in growing)
    asked = sum(needed[index] for index in growing)
    return [round(width * room / asked) if index in growing else width for index, width in enumerate(needed)]


def _without_clock(data: bytes) -> bytes:
    """The same archive with the times of its entries fixed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, ClocklessZip(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    return buffer.getvalue()
