"""The rows that figures are made of, as statements on a release (decision 0004: an indicator is data)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# A row that counts for the unit of its union goes with the union, any other with the unit that goes on with its sender's.
_TODAYS_UNIT = "coalesce(unions.reporting_unit_code, lineage.standing_code, contributions.reporting_unit_code)"
_STRUCTURE = """
    left join dim_union as unions
        on contributions.union_code = unions.union_code and $structure_on >= unions.valid_from
        and ($structure_on < unions.valid_to or unions.valid_to is null)
    left join dim_reporting_unit_lineage as lineage
        on contributions.reporting_unit_code = lineage.unit_code and $structure_on >= lineage.valid_from
        and ($structure_on < lineage.valid_to or lineage.valid_to is null)
"""


def contributions(definitions: Iterable[Mapping[Any, Any]], is_restated: bool) -> str:
    """A query for the rows behind indicators, for the months of a table ``span`` (month, month_end).

    Args:
        definitions: rows of ``dim_indicator``, none of them a ratio.
        is_restated: whether rows count for the units as they stand on ``$structure_on``, not as they stood.

    Returns:
        SQL with the columns indicator_code, month, reporting_unit_code, distinct_key, part_value, amount, natural_key,
        union_code, submitted_by_code, submission_month, submission_id, source_sheet, source_row.
    """
    if not is_restated:
        codes = ", ".join(f"'{definition['indicator_code']}'" for definition in definitions)
        return f"select * from fct_indicator_contributions semi join span using (month) where indicator_code in ({codes})"
    rows = " union all ".join(f"({definition['rows_sql']})" for definition in definitions)
    return f"select contributions.* replace ({_TODAYS_UNIT} as reporting_unit_code) from ({rows}) as contributions {_STRUCTURE}"
