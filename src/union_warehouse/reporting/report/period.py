"""What a report covers."""

from __future__ import annotations

from dataclasses import dataclass

from union_warehouse.reporting.report.wording import month_text, span_text


@dataclass(frozen=True)
class Period:
    """A month, or the closed months of a year.

    Attributes:
        month: ``YYYY-MM``; None for a year.
        months: every month it covers, in order; of a month's report from January on, for charts.
    """

    month: str | None
    months: tuple[str, ...]

    @property
    def last_month(self) -> str:
        """The month whose end it reaches."""
        return self.months[-1]

    @property
    def covered(self) -> tuple[str, ...]:
        """Months that its values are made of."""
        return (self.month,) if self.month else self.months

    @property
    def text(self) -> str:
        """In words: ``2014年``, ``2014年1—3月``, ``2014年3月``."""
        return month_text(self.month) if self.month else span_text(self.months[0], self.months[-1])

    @property
    def name(self) -> str:
        """``2014`` or ``2014-03``."""
        return self.month or self.last_month[:4]
