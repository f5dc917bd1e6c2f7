"""The values of a release that an audience does not see, none of which can be worked out from those that it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.reporting.disclosure import HIDDEN_VALUES
from union_warehouse.reporting.disclosure.attack import Published, worked_out
from union_warehouse.reporting.disclosure.suppression import Hidden, YearOfUnits, hide, is_told_by_total, least_hidden

_CENT = 0.01
_NAMED = 10
_Numbers = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]


class HiddenValueTold(UnionWarehouseError):
    """A value that is hidden could be worked out from what is shown."""

    code = "hidden_value_told"
    message_zh = "有 {count} 个不公开的数值可由公开的数值推算出来，因此没有写出：{cells}。请向开发人员报告；内部使用可加 --audience federation。"
    message_en = "{count} hidden values could be worked out from what is shown, so nothing was written: {cells}; report this, and within the federation use --audience federation."


@dataclass(frozen=True)
class _Year:
    """An indicator's values of a year: by unit and month, and the federation's by month; NaN where there is none.

    Attributes:
        is_covered: whether what counts for the federation, or in the year to date, counts for a unit, or in a month.
        amount_of: of an amount, the indicator that counts whose it is.
        part_of: the indicator that bounds it.
    """

    is_flow: bool
    adds_up_units: bool
    adds_up_months: bool
    is_covered: bool
    amount_of: str | None
    part_of: str | None
    values: _Numbers
    to_date: _Numbers
    totals: _Numbers
    totals_to_date: _Numbers


def hidden_values(connection: duckdb.DuckDBPyConnection, last_month: str, below: int) -> pa.Table:
    """What is hidden of the year of a month up to it, and of the year before.

    Args:
        connection: to a release.
        last_month: ``YYYY-MM``.
        below: a value that counts fewer persons, but not none, is hidden, and with it what it could be worked out from.

    Returns:
        One row per indicator, month and unit of which something is hidden: :data:`HIDDEN_VALUES`. ``is_told_by_total`` where
        no other unit can have had a part: the federation's total, which is shown, tells it.

    Raises:
        HiddenValueTold: a hidden value could be worked out.
    """
    ends = (f"{int(last_month[:4]) - 1}-12", last_month)
    return pa.concat_tables([HIDDEN_VALUES.empty_table(), *(_hidden_of_year(connection, end, below) for end in ends)])


def _hidden_of_year(connection: duckdb.DuckDBPyConnection, last_month: str, below: int) -> pa.Table:
    years, units, months = _read(connection, last_month)
    hidden: dict[str, Hidden] = {}
    for code, year in sorted(years.items(), key=lambda item: item[1].part_of is not None):
        if year.amount_of is None:
            amounts = {other: one for other, one in years.items() if one.amount_of == code}
            hidden[code] = _hidden_of(code, {code: year} | amounts, years.get(year.part_of or ""), hidden, below, (units, months))
            hidden |= dict.fromkeys(amounts, hidden[code])
    ratios = connection.execute("select indicator_code, numerator_code, denominator_code from dim_indicator").fetchall()
    for code, *parts in ratios:
        if known := [hidden[part] for part in parts if part in hidden]:
            hidden[code] = Hidden(
                np.logical_or.reduce([one.values for one in known]), np.logical_or.reduce([one.to_date for one in known])
            )
    return _as_table(hidden, units, months)


def _hidden_of(
    code: str,
    group: Mapping[str, _Year],
    whole: _Year | None,
    hidden: Mapping[str, Hidden],
    below: int,
    names: tuple[Sequence[str], Sequence[str]],
) -> Hidden:
    """What is hidden of an indicator and of its amounts: years to date are shown again only if nothing can be worked out then."""
    year = group[code]
    known = np.full(year.values.shape, np.inf) if whole is None else np.nan_to_num(whole.values)
    shown = known if whole is None else np.where(hidden[year.part_of or ""].values, np.inf, known)
    counted = YearOfUnits(year.values, year.to_date, known, year.is_flow, np.nan_to_num(year.totals))
    told: list[str] = []
    for shows_again in (True, False):
        found = hide(counted, below, shows_again=shows_again)
        least = least_hidden(year.values, below)
        told = [cell for name, one in group.items() for cell in _told(name, one, found, (least, shown), names)]
        if not told:
            return found
    raise HiddenValueTold(count=len(told), cells="; ".join(told[:_NAMED]))


def _told(
    code: str,
    year: _Year,
    hidden: Hidden,
    limits: tuple[_Numbers, _Numbers],
    names: tuple[Sequence[str], Sequence[str]],
) -> list[str]:
    """Hidden values that could be worked out, though the federation's total alone does not tell them.

    ``limits`` are those of counts: the least of each month, and the most of each value.
    """
    if not (hidden.values.any() or hidden.to_date.any()):
        return []
    least, most = limits
    has_year_to_date = hidden.to_date & year.is_flow  # that of a stock is the month's value again
    values, to_date = worked_out(
        Published(
            values=np.where(hidden.values, np.nan, year.values),
            to_date=np.where(hidden.to_date | (not year.is_flow), np.nan, year.to_date),
            hides_values=hidden.values,
            hides_to_date=has_year_to_date,
            totals=year.totals,
            totals_to_date=year.totals_to_date,
            least=least if year.amount_of is None else np.zeros_like(least),
            bounds=most if year.amount_of is None else np.full(most.shape, np.inf),
            adds_up_units=year.adds_up_units,
            adds_up_months=year.adds_up_months,
            is_covered=year.is_covered,
            step=1.0 if year.amount_of is None else _CENT,
        )
    )
    by_total = is_told_by_total(hidden.values)
    only_by_total = _rests_on(by_total, hidden.to_date) & ~_rests_on(hidden.values & ~by_total, hidden.to_date)
    told = (values & ~by_total) | (to_date & ~only_by_total & ~is_told_by_total(hidden.to_date))
    units, months = names
    return [f"{code} {units[unit]} {months[month]}" for unit, month in zip(*np.nonzero(told), strict=True)]


def _rests_on(hidden: _Flags, to_date: _Flags) -> _Flags:
    """Hidden years to date with a hidden value since the last one that is shown."""
    found, since = np.zeros_like(to_date), np.zeros(len(to_date), np.bool_)
    for month in range(to_date.shape[1]):
        since = (since | hidden[:, month]) & to_date[:, month]
        found[:, month] = since
    return found


def _read(connection: duckdb.DuckDBPyConnection, last_month: str) -> tuple[dict[str, _Year], list[str], list[str]]:
    """Values that count persons, and their amounts, of the closed months of a year up to one."""
    found = connection.execute(
        """
        select indicator_code, month, reporting_unit_code, is_federation,
            cast(value_month as double) as value_month, cast(value_year_to_date as double) as value_year_to_date,
            indicators.indicator_kind = 'flow' as is_flow, indicators.aggregation, is_additive_over_units, is_additive_over_months, amount_of_code, part_of_code
        from rpt_indicators
        inner join dim_indicator as indicators using (indicator_code)
        where (counts_persons or amount_of_code is not null) and month between left($last_month, 4) || '-01' and $last_month
        """,
        {"last_month": last_month},
    ).to_arrow_table()
    months = sorted(found["month"].unique().to_pylist())
    units = sorted(found.filter(pc.invert(found["is_federation"]))["reporting_unit_code"].unique().to_pylist())
    codes = found["indicator_code"].unique().to_pylist()
    return {code: _year(found.filter(pc.field("indicator_code") == code), units, months) for code in codes}, units, months


def _year(rows: pa.Table, units: Sequence[str], months: Sequence[str]) -> _Year:
    first = rows.slice(0, 1).to_pylist()[0]
    is_whole = rows["is_federation"].to_numpy()
    places = (
        pc.fill_null(pc.index_in(rows["reporting_unit_code"], pa.array(units, pa.string())), -1).to_numpy(),
        pc.index_in(rows["month"], pa.array(months, pa.string())).to_numpy(),
    )

    def grids(column: str) -> tuple[_Numbers, _Numbers]:
        """Of the units, and of the federation."""
        values = rows[column].to_numpy()
        of_units, totals = np.full((len(units), len(months)), np.nan), np.full(len(months), np.nan)
        of_units[places[0][~is_whole], places[1][~is_whole]] = values[~is_whole]
        totals[places[1][is_whole]] = values[is_whole]
        return of_units, totals

    (values, totals), (to_date, totals_to_date) = grids("value_month"), grids("value_year_to_date")
    return _Year(
        is_flow=first["is_flow"],
        adds_up_units=first["is_additive_over_units"],
        adds_up_months=first["is_additive_over_months"],
        is_covered=first["aggregation"] != "count_distinct_all",  # the parts of one person may be of several units and months
        amount_of=first["amount_of_code"],
        part_of=first["part_of_code"],
        values=values,
        to_date=to_date,
        totals=totals,
        totals_to_date=totals_to_date,
    )


def _as_table(hidden: Mapping[str, Hidden], units: Sequence[str], months: Sequence[str]) -> pa.Table:
    rows = [
        (code, months[month], units[unit], bool(one.values[unit, month]), bool(one.to_date[unit, month]), bool(told[unit, month]))
        for code, one in hidden.items()
        for told in [is_told_by_total(one.values)]
        for unit, month in zip(*np.nonzero(one.values | one.to_date), strict=True)
    ]
    return pa.Table.from_pylist([dict(zip(HIDDEN_VALUES.names, row, strict=True)) for row in rows], HIDDEN_VALUES)
