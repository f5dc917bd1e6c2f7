"""Options that several commands share: which release, which period, which structure of the units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from union_warehouse.cli.values import Moment, Month, Structure
from union_warehouse.paths import Home

Command = TypeVar("Command", bound=Callable[..., Any])


def release_options(command: Command) -> Command:
    """``--release`` and ``--as-of``, which exclude each other."""
    as_of = click.option(
        "--as-of",
        type=Moment(is_date_its_end=True),
        help="The release that stood then, such as 2014-08-05; a date means the end of that day, Shanghai.",
    )
    return click.option("--release", "release_id", metavar="ID", help="A release (default: the current one).")(as_of(command))


def period_options(command: Command) -> Command:
    """``--year`` and ``--month``."""
    month = click.option("--month", type=Month(), help="The month; without it the year up to its last closed month.")
    return click.option("--year", type=click.IntRange(1900, 9999), help="The year (default: that of --month).")(month(command))


def structure_option(command: Command) -> Command:
    """``--structure``."""
    return click.option(
        "--structure",
        "structure_on",
        type=Structure(),
        default="as-was",
        show_default=True,
        help="Reporting units as they were in each month, or history restated to the units of today or of a date.",
    )(command)


def audience_option(command: Command) -> Command:
    """``--audience``."""
    return click.option(
        "--audience",
        metavar="NAME",
        help="Who will read it, as federation/disclosure.yml names them: public hides what tells of one or two persons, federation nothing.",
    )(command)


def chosen_release(home: Home, release_id: str | None, as_of: datetime | None) -> str | None:
    """The release asked for; None for the current one.

    Raises:
        UsageError: both options were given.
        NoReleaseAsOf: nothing had been published by then.
    """
    from union_warehouse.releases.read import release_as_of

    if release_id and as_of:
        raise click.UsageError("give --release or --as-of, not both. --release 与 --as-of 只能给出一个。")
    return release_as_of(home, as_of) if as_of else release_id


def chosen_period(year: int | None, month: str | None) -> int:
    """The year asked for.

    Raises:
        UsageError: neither was given, or the month is not in the year.
    """
    if month and year not in {None, int(month[:4])}:
        raise click.UsageError(f"--month {month} is not in --year {year}. 月份不在该年度内。")
    if not month and year is None:
        raise click.UsageError("give --year or --month. 请给出 --year 或 --month。")
    return year or int(str(month)[:4])
