"""How much a submission may ask of the machine. Each limit is far above an honest submission and far below harm."""

from __future__ import annotations

MAX_FILE_BYTES = 128 * 2**20
"""An honest year of the largest form is about 10 MB."""

MAX_UNPACKED_BYTES = 2**30
"""Sum of the parts of a workbook once unpacked; a full sheet of a million rows and 15 columns is about 600 MB."""

MAX_PACKING_RATIO = 250
"""Unpacked to packed size above which a large package is a bomb; sheets of real cells stay below 40."""

RATIO_APPLIES_ABOVE_BYTES = 64 * 2**20
"""Small packages may pack as well as they like: they cannot fill the memory."""

MAX_PARTS = 10_000
"""Parts in the package."""

DEFLATE_MAX_RATIO = 1032
"""The most that deflate can unpack one byte to: packages below MAX_UNPACKED_BYTES / 1032 need no unpacking to be trusted."""

MAX_SHEET_CELLS = 2**26
"""Cells of a sheet's used rectangle, empty ones included: calamine allocates all of them, 32 bytes each."""

MAX_TEXT_BYTES = 2**29
"""Texts of a sheet, each counted as often as a cell shows it."""

MAX_COLUMNS = 16_384
"""Columns of a CSV: as many as Excel has."""

MAX_ARCHIVE_FILES = 500
"""Files in a zip archive of workbooks that are taken out of it."""

MAX_ARCHIVE_BYTES = 2**29
"""Sum of their sizes."""

MAX_SHEETS = 200
"""Sheets in a workbook."""

HEADER_SEARCH_ROWS = 20
"""The header is among the first so many rows of its sheet."""

COVER_SEARCH_ROWS = 200
"""The cover's labels and its table of forms are among the first so many rows."""

FLOAT_IDENTIFIER_FROM = 1e15
"""Excel keeps 15 significant digits: a longer number has lost its last ones."""

READING_MEMORY_BYTES = 4 * 2**30
"""Memory that reading one file may take: a full sheet of a million rows and 15 columns takes 3 GB."""

READING_CPU_SECONDS = 20
"""Processor time that reading any file may take; a million rows take as long, and are larger."""

READING_SECONDS_PER_MEGABYTE = 3
"""Processor time more for each megabyte of the file: an honest one takes a tenth."""

WALL_PER_CPU_SECONDS = 4
"""Time on the clock for a second of processor time: the machine is shared."""
