"""What the federation promised for a year, and how far it has come; the rows of ``commitments``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reference_data.plan import RowCollector, YearPlan

_DEPARTMENT = "BG"


@dataclass(frozen=True)
class _Stages:
    """A commitment without numbers: per cent at the end of each month, and the words for it from a per cent on."""

    percent: tuple[float, ...]
    words: Mapping[float, str]


_MILESTONES = {
    "project.culture_centre": _Stages(
        (10, 18, 28, 36, 44, 52, 60, 68, 76, 84, 92, 100),
        {
            0: "样例：成立筹建小组",
            18: "样例：完成选址",
            28: "样例：完成方案设计",
            52: "样例：开始装修",
            92: "样例：设备安装",
            100: "样例：建成",
        },
    ),
    "policy.innovation_incentive": _Stages(
        (35, 70, 100, *(100,) * 9), {0: "样例：完成初稿", 70: "样例：征求意见", 100: "样例：政策出台"}
    ),
}


def commitments_year(plan: YearPlan, rows: RowCollector) -> None:
    """Report the commitments of the year every month; writes ``commitments``, if any were published for the year."""
    path = Path(__file__).with_name(f"commitments_{plan.year}.csv")
    if not path.exists():
        return
    published = pd.read_csv(path, dtype={"commitment": str})
    for month_number in range(1, 13):
        stages = [_MILESTONES.get(indicator) for indicator in published["indicator"]]
        percent = [np.nan if stage is None else stage.percent[month_number - 1] for stage in stages]
        words = [None if stage is None else _words(stage, month_number) for stage in stages]
        rows.add(
            "commitments",
            pd.DataFrame(
                {
                    "department": _DEPARTMENT,
                    "month_number": month_number,
                    "commitment_no": published["commitment"],
                    "year": plan.year,
                    "indicator": published["indicator"],
                    "target": published["target"].astype(float),
                    "milestone": words,
                    "percent": percent,
                }
            ),
        )


def _words(stages: _Stages, month_number: int) -> str:
    percent = stages.percent[month_number - 1]
    return stages.words[max(least for least in stages.words if least <= percent)]
