"""The values of a release that an audience does not see, none of which can be worked out from those that it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
        One row per indicator, month and unit of which something is hidden: :data:`HIDDEN_VALUES`. Where no other unit can have
        had a part, the federation's total, which is shown, tells it all the same.

    Raises:
        HiddenValueTold: a hidden value could be worked out.
    """
    ends = (f"{int(last_month[:4]) - 1}-12", last_month)
    return pa.concat_tables([HIDDEN_VALUES.empty_table(), *(_hidden_of_year(connection, end, below) for end in ends)])


def _hidden_of_year(connection: duckdb.DuckDBPyConnection, last_month: str, below: int) -> pa.Table:
    hiding = _Hiding(*_read(connection, last_month), below)
    for code, year in sorted(hiding.years.items(), key=lambda item: item[1].part_of is not None):
        if year.amount_of is None:
            hiding.hide(code)
    ratios = connection.execute("select indicator_code, numerator_code, denominator_code from dim_indicator").fetchall()
    for code, *parts in ratios:
        if known := [hiding.hidden[part] for part in parts if part in hiding.hidden]:
            hiding.hidden[code] = Hidden(
                np.logical_or.reduce([one.values for one in known]), np.logical_or.reduce([one.to_date for one in known])
            )
    return hiding.table()


@dataclass
class _Hiding:
    """A year of a release while it is decided what of it is hidden.

    Attributes:
        years: values by indicator.
        units: codes of the rows of their values.
        months: of the columns.
        below: a value that counts fewer persons, but not none, is small.
        hidden: what is hidden, by indicator.
    """

    years: Mapping[str, _Year]
    units: Sequence[str]
    months: Sequence[str]
    below: int
    hidden: dict[str, Hidden] = field(default_factory=dict)

    def hide(self, code: str) -> None:
        """Decide for an indicator and its amounts: years to date are shown again only if nothing can be worked out then."""
        year = self.years[code]
        group = [code, *(other for other, one in self.years.items() if one.amount_of == code)]
        known = np.full(year.values.shape, np.inf)
        most = known
        if year.part_of is not None:
            known = np.nan_to_num(self.years[year.part_of].values)
            most = np.where(self.hidden[year.part_of].values, np.inf, known)
        counted = YearOfUnits(year.values, year.to_date, known, year.is_flow, np.nan_to_num(year.totals))
        told: list[str] = []
        for shows_again in (True, False):
            found = hide(counted, self.below, shows_again=shows_again)
            told = [cell for one in group for cell in self._told(one, found, least_hidden(year.values, self.below), most)]
            if not told:
                self.hidden |= dict.fromkeys(group, found)
                return
        raise HiddenValueTold(count=len(told), cells="; ".join(told[:_NAMED]))

    def _told(self, code: str, hidden: Hidden, least: _Numbers, most: _Numbers) -> list[str]:
        """Hidden values that could be worked out, though the federation's total alone does not tell them.

        Args:
            code: of the indicator.
            hidden: what is hidden of it.
            least: of what is hidden in each month, if it is a count.
            most: that each value can be, likewise.
        """
        if not (hidden.values.any() or hidden.to_date.any()):
            return []
        year = self.years[code]
        is_count = year.amount_of is None
        values, to_date = worked_out(
            Published(
                values=np.where(hidden.values, np.nan, year.values),
                to_date=np.where(hidden.to_date | (not year.is_flow), np.nan, year.to_date),
                hides_values=hidden.values,
                hides_to_date=hidden.to_date & year.is_flow,  # that of a stock is the month's value again
                totals=year.totals,
                totals_to_date=year.totals_to_date,
                least=least if is_count else np.zeros_like(least),
                bounds=most if is_count else np.full(most.shape, np.inf),
                adds_up_units=year.adds_up_units,
                adds_up_months=year.adds_up_months,
                is_covered=year.is_covered,
                step=1.0 if is_count else _CENT,
            )
        )
        by_total = is_told_by_total(hidden.values)
        only_by_total = _rests_on(by_total, hidden.to_date) & ~_rests_on(hidden.values & ~by_total, hidden.to_date)
        told = (values & ~by_total) | (to_date & ~only_by_total & ~is_told_by_total(hidden.to_date))
        return [f"{code} {self.units[unit]} {self.months[month]}" for unit, month in zip(*np.nonzero(told), strict=True)]

    def table(self) -> pa.Table:
        """What is hidden, as rows: :data:`HIDDEN_VALUES`."""
        rows = [
            (code, self.months[month], self.units[unit], bool(one.values[unit, month]), bool(one.to_date[unit, month]))
            for code, one in self.hidden.items()
            for unit, month in zip(*np.nonzero(one.values | one.to_date), strict=True)
        ]
        return pa.Table.from_pylist([dict(zip(HIDDEN_VALUES.names, row, strict=True)) for row in rows], HIDDEN_VALUES)


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
