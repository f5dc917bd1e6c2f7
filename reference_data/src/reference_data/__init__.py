"""Synthetic submissions of a reference year, whose totals are the published figures. The pipeline never imports this."""

from pathlib import Path

from reference_data.write import ReferenceYear, write_reference_year

PUBLISHED_FIGURES = Path(__file__).with_name("published_figures_2014.csv")
"""The figures that the district printed for 2014: indicator, value, kind and precision of each."""
COMMITMENTS = Path(__file__).with_name("commitments_2015.csv")
"""What the district promised for 2015."""

__all__ = ["COMMITMENTS", "PUBLISHED_FIGURES", "ReferenceYear", "write_reference_year"]
