"""What one release says otherwise than another."""

from __future__ import annotations

import os

import duckdb
import pyarrow as pa

from union_warehouse.paths import Home
from union_warehouse.releases.database import database_of
from union_warehouse.releases.read import release_folder
from union_warehouse.reporting.table_files import Table

_LABELS = {
    "month": "月份",
    "indicator_code": "指标代码",
    "name_zh": "指标名称",
    "reporting_unit_code": "单位代码",
    "unit_name": "单位名称",
    "old_value_month": "当月值（原）",
    "new_value_month": "当月值（现）",
    "old_value_year_to_date": "累计值（原）",
    "new_value_year_to_date": "累计值（现）",
    "caused_by": "变更原因",
}


def compare_releases(home: Home, before: str, after: str) -> pa.Table:
    """Every figure of a month that both releases hold, and that differs.

    Args:
        home: the warehouse's state.
        before: id of a release.
        after: id of another.

    Returns:
        One row per published indicator, month and reporting unit: indicator_code, name_zh, month, reporting_unit_code, unit_name (its last),
        old_value_month, new_value_month, old_value_year_to_date, new_value_year_to_date, caused_by (submission versions
        or definitions, comma-separated, as the releases in between recorded them), in the order month, indicator, unit.

    Raises:
        UnknownRelease: there is no release of that id.
    """
    folders = {"before": release_folder(home, before), "after": release_folder(home, after)}
    with duckdb.connect() as connection:
        for name, folder in folders.items():
            path = os.fspath(database_of(home, folder.name)).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} (read_only)")
        return connection.execute(
            """
            with
                -- what the later of the two knows and the earlier did not
                restatements as (
                    from after.rpt_restatements anti join before.rpt_restatements using (release_id)
                    union all
                    from before.rpt_restatements anti join after.rpt_restatements using (release_id)
                ),
                causes as (
                    select indicator_code, month, reporting_unit_code, string_agg(distinct one_cause, ', ' order by one_cause) as caused_by
                    from (select *, unnest(string_split(caused_by, ', ')) as one_cause from restatements)
                    group by all
                ),
                units as (
                    select reporting_unit_code, max_by(unit_name, valid_from) as unit_name from after.dim_reporting_unit group by all
                )
            select indicator_code, name_zh, month, reporting_unit_code, unit_name,
                cast(old.value_month as double) as old_value_month, cast(new.value_month as double) as new_value_month,
                cast(old.value_year_to_date as double) as old_value_year_to_date,
                cast(new.value_year_to_date as double) as new_value_year_to_date, caused_by
            from (from before.rpt_indicators where month in (select month from after.rpt_indicators)) as old
            full join (from after.rpt_indicators where month in (select month from before.rpt_indicators)) as new
                using (indicator_code, month, reporting_unit_code)
            inner join after.dim_indicator using (indicator_code)
            semi join before.dim_indicator as known_before using (indicator_code)
            left join units using (reporting_unit_code)
            left join causes using (indicator_code, month, reporting_unit_code)
            where is_published
                and (old.value_month is distinct from new.value_month
                    or old.value_year_to_date is distinct from new.value_year_to_date)
            order by month, indicator_code, reporting_unit_code
            """
        ).to_arrow_table()


def differences_table(found: pa.Table) -> Table:
    """What :func:`compare_releases` found, to be written."""
    return Table(name="differences", label="版本差异", rows=found, labels=_LABELS)
