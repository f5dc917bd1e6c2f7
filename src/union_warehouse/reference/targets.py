"""What a reference year aims at: read from ``targets.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

_TARGETS_FILE = Path(__file__).with_name("targets.yaml")


@dataclass(frozen=True)
class Targets:
    """Totals of one reference year (comments on each: ``targets.yaml``)."""

    scale: int
    unions_established_independent: int
    unions_established_joint: int
    enterprises_with_union: int
    enterprises_newly_covered: int
    enterprises_returning: int
    enterprises_leaving: int
    enterprises_leaving_new: int
    enterprises_moving: int
    persons_joining: int
    persons_rejoining: int
    mutual_aid: int
    harmonious_compliant: int
    mutual_care_compliant: int
    ankang_cup: int
    inspections: int
    hazards_rectified: int
    hazards_left_open: int
    safety_enterprise_new: int
    safety_enterprise_renewed: int
    safety_regional_new: int
    safety_regional_renewed: int
    women_enterprise_new: int
    women_enterprise_renewed: int
    women_regional_new: int
    women_regional_renewed: int
    qualification_promotions: int
    grassroots_sessions: int
    district_contests: int
    women_contests: int
    women_lecture_sessions: int
    free_courses: int
    university_exam_participants: int
    flood_contest_teams: int
    flood_contest_participants: int
    non_public_congress_rate: float
    municipal_trades: tuple[str, ...]
    opening_unions: Mapping[str, Mapping[str, int]]


def load_targets(scale: int = 1) -> Targets:
    """The targets with every total that grows with volume multiplied by ``scale``."""
    document = yaml.safe_load(_TARGETS_FILE.read_text("utf-8"))
    return Targets(
        scale=scale,
        **{name: value * scale for name, value in document["scaled"].items()},
        **document["fixed"],
        non_public_congress_rate=document["non_public_congress_rate"],
        municipal_trades=tuple(document["municipal_trades"]),
        opening_unions={
            unit: {kind: count * scale for kind, count in kinds.items()} for unit, kinds in document["opening_unions"].items()
        },
    )
