"""What users write on the command line: months, times, tables of arrival."""

from __future__ import annotations

import csv
import os
import re
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any

import click

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.months import month_range, parse_month
from union_warehouse.working_days import SHANGHAI

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class MonthRange(click.ParamType[list[str]]):
    """``2014-03`` or ``2014-01..2014-12``: a list of months."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """The months named, in order."""
        if not isinstance(value, str):
            return list(value)
        first, dots, last = value.partition("..")
        try:
            first, last = parse_month(first), parse_month(last if dots else first)
        except UnionWarehouseError as error:
            self.fail(f"{error.message_en} {error.message_zh}", param, ctx)
        if first > last:
            self.fail(f"{value}: the first month is after the last. 起始月份晚于截止月份。", param, ctx)
        return month_range(first, last)


class Month(click.ParamType[str]):
    """``2014-03``."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The month, checked."""
        try:
            return parse_month(value)
        except UnionWarehouseError as error:
            self.fail(f"{error.message_en} {error.message_zh}", param, ctx)


class Structure(click.ParamType[date | None]):
    """``as-was``, ``today`` or a date: as of when the reporting units are taken."""

    name = "as-was|today|date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | None:
        """The day; None for the units as they were."""
        if value in {None, "as-was"} or isinstance(value, date):
            return None if value == "as-was" else value
        if value == "today":
            return datetime.now(SHANGHAI).date()
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not as-was, today or a date such as 2021-05-01. 应为 as-was、today 或日期。", param, ctx)


class Moment(click.ParamType[datetime]):
    """A time such as ``2014-04-08T18:00`` (Shanghai unless it says otherwise).

    Args:
        is_date_its_end: whether a bare date means the end of that day; otherwise its beginning.
    """

    name = "time"

    def __init__(self, *, is_date_its_end: bool = False) -> None:
        """Say what a bare date means."""
        self.is_date_its_end = is_date_its_end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC, not in the future."""
        if isinstance(value, datetime):
            return value
        try:
            moment = parse_moment(value, is_date_its_end=self.is_date_its_end)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if moment > datetime.now(UTC):
            self.fail(f"{value} is in the future. 时间不能晚于现在。", param, ctx)
        return moment


class Arrival(click.ParamType[datetime | dict[str, datetime]]):
    """A time of arrival, or a CSV file with the columns ``file`` and ``received_at``."""

    name = "time or file.csv"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | dict[str, datetime]:
        """The time, or the time of each file."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        if not value.lower().endswith(".csv"):
            return Moment().convert(value, param, ctx)
        try:
            return read_arrivals(Path(value))
        except (OSError, ValueError) as error:
            self.fail(str(error), param, ctx)


def parse_moment(text: str, *, is_date_its_end: bool = False) -> datetime:
    """``text`` (ISO 8601) in UTC; a time without offset is that of Shanghai, a bare date the beginning or end of that day.

    Raises:
        ValueError: it is no time.
    """
    text = text.strip()
    is_date = bool(_DATE.fullmatch(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time such as 2014-04-08T18:00. 时间格式应为 2014-04-08T18:00。") from error
    if is_date and is_date_its_end:
        moment = datetime.combine(moment.date(), time.max)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    return moment.astimezone(UTC)


def read_arrivals(path: Path) -> dict[str, datetime]:
    """Times of arrival by file from a UTF-8 CSV with the columns ``file`` and ``received_at``.

    A file is named by a path as on the command line, a path relative to the CSV, or a name that only one line has.

    Raises:
        ValueError: a column is missing, or a row's time is not understood (the message names its line).
        OSError: the file cannot be read.
    """
    written = read_moments(path, "file", "received_at")
    names = [PurePosixPath(file).name for file in written]
    by_name = {name: moment for name, moment in zip(names, written.values(), strict=True) if names.count(name) == 1}
    return {**by_name, **{os.fspath(path.parent / file): moment for file, moment in written.items()}, **written}


def read_moments(path: Path, key: str, value: str) -> dict[str, datetime]:
    """A column of times by another column, from a UTF-8 CSV.

    Raises:
        ValueError: a column is missing, or a row's time is not understood (the message names its line).
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := {key, value} - set(reader.fieldnames or ()):
            raise ValueError(f"{path} lacks the column {', '.join(sorted(missing))}. 文件缺少列。")
        moments = {}
        for row in reader:
            try:
                moments[row[key]] = parse_moment(row[value])
            except ValueError as error:
                raise ValueError(f"{path}, line {reader.line_num}: {error}") from error
    return moments
