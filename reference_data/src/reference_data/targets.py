"""What a reference year aims at: read from ``targets.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    hardship_person_times: int
    frontline_workers: int
    high_temperature_workers: int
    district_contests: int
    women_contests: int
    women_lecture_sessions: int
    free_courses: int
    university_exam_participants: int
    flood_contest_teams: int
    flood_contest_participants: int
    published_case_workers: int
    published_case_recovered: int
    job_delivery_events: int
    posts_offered: int
    placements: int
    singers_recommended: int
    group_wedding_couples: int
    new_year_film_days: int
    summer_camp_children: int
    outreach_leaders: int
    outreach_enterprises: int
    workers_paired: int
    seminars: int
    assisted: Mapping[str, int]
    assistance_amounts: Mapping[str, int]
    honours: Mapping[str, int]
    recruitment_fairs: Mapping[str, int]
    cultural_activities: Mapping[str, int]
    mutual_aid_growth: float
    non_public_congress_rate: float
    municipal_trades: tuple[str, ...]
    opening_unions: Mapping[str, Mapping[str, int]]


def load_targets(scale: int = 1) -> Targets:
    """The targets with every total that grows with volume multiplied by ``scale``."""
    document = yaml.safe_load(_TARGETS_FILE.read_text("utf-8"))
    return Targets(
        scale=scale,
        **_scaled(document["scaled"], scale),
        assisted=_scaled(document["assisted"], scale),
        assistance_amounts=_scaled(document["assistance_amounts"], scale),
        **document["fixed"],
        honours=document["honours"],
        recruitment_fairs=document["recruitment_fairs"],
        cultural_activities=document["cultural_activities"],
        mutual_aid_growth=document["mutual_aid_growth"],
        non_public_congress_rate=document["non_public_congress_rate"],
        municipal_trades=tuple(document["municipal_trades"]),
        opening_unions={unit: _scaled(kinds, scale) for unit, kinds in document["opening_unions"].items()},
    )


def _scaled(totals: Mapping[str, int], scale: int) -> dict[str, Any]:
    return {name: total * scale for name, total in totals.items()}
