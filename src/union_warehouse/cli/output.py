"""``--format`` and ``--output``: where and how a command hands its tables out."""

from __future__ import annotations

import codecs
import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from union_warehouse.files import write_bytes

if TYPE_CHECKING:
    from union_warehouse.reporting.table_files import Table

_TEXT = "table"
_FORMATS = ("csv", "xlsx", "json")


@dataclass(frozen=True)
class Output:
    """What was asked for.

    Attributes:
        file_format: csv, xlsx or json; None for a table to be read on the terminal.
        path: the file; None for standard output.
        is_flag: whether ``--json`` asked for it.
        is_for_programs: whether a CSV on standard output begins at once, without a byte order mark.
    """

    file_format: str | None
    path: Path | None
    is_flag: bool = False
    is_for_programs: bool = False

    @classmethod
    def chosen(cls, file_format: str | None, path: Path | None, is_flag: bool, is_for_programs: bool) -> Output:
        """What the options say together.

        Raises:
            UsageError: they do not agree, or no format is known.
        """
        if is_flag and file_format not in {None, "json"}:
            raise click.UsageError(f"--json and --format {file_format} exclude each other. --json 与 --format 不一致。")
        named = path.suffix.lower().removeprefix(".") if path else ""
        wanted = "json" if is_flag else file_format or (named if named in _FORMATS else None)
        if path is None:
            if wanted == "xlsx" and sys.stdout.isatty():
                raise click.UsageError("give a workbook a file: --output FILE.xlsx. 请用 --output 指定 Excel 文件名。")
            return cls(None if wanted == _TEXT else wanted, None, is_flag, is_for_programs)
        if wanted not in _FORMATS:
            raise click.UsageError(f"{path}: name it .csv, .xlsx or .json, or give --format. 请以 .csv、.xlsx 或 .json 命名。")
        if named in _FORMATS and named != wanted:
            raise click.UsageError(f"{path} is no name of a file of --format {wanted}. 文件名后缀与 --format {wanted} 不一致。")
        return cls(wanted, path, is_flag)

    def write(self, tables: Sequence[Table], document: Any = None) -> None:
        """Write ``tables`` (see :func:`~union_warehouse.reporting.table_files.file_content`) as asked for."""
        from union_warehouse.reporting.table_files import file_content

        content = file_content(tables, str(self.file_format), document)
        if self.path is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content.removeprefix(codecs.BOM_UTF8) if self.is_for_programs else content)
            sys.stdout.buffer.flush()
            return
        write_bytes(self.path, content)
        click.echo(f"{self.path}: {tables[-1].rows.num_rows} rows", err=True)


def output_options(
    json_means: str = "The same as --format json.", *, is_for_programs: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--format``, ``--output`` and ``--json``: the command gets ``output``, an :class:`Output`.

    Args:
        json_means: help of ``--json``.
        is_for_programs: see :class:`Output`.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--format",
            "file_format",
            type=click.Choice([_TEXT, *_FORMATS]),
            help="A table to read (default), or all of it: csv and xlsx with Chinese headings, json with stable English names.",
        )
        @click.option(
            "-o",
            "--output",
            "path",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write this file instead; its name (.csv, .xlsx, .json) tells the format.",
        )
        @click.option("--json", "is_flag", is_flag=True, help=json_means)
        @functools.wraps(command)
        def with_output(*arguments: Any, file_format: str | None, path: Path | None, is_flag: bool, **options: Any) -> Any:
            return command(*arguments, output=Output.chosen(file_format, path, is_flag, is_for_programs), **options)

        return with_output

    return decorate
