"""The figures of a year from rows as they were read: an independent computation in plain pandas, from the documents alone."""

from __future__ import annotations

import pandas as pd

from union_warehouse.contracts import Federation

ENTERPRISES = ["non_public", "public_enterprise"]
CONTESTS = ["district_contest", "municipal_contest", "women_contest"]
SPELL = ["uscc", "union_code", "covered_from"]


def figures(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    """The figures of a year, as indicators.md defines them; stocks at the end of the year."""
    return {
        **_organisation(rows, year),
        **_harmony(rows, year),
        **_training(rows, year),
        **_contracts(rows, year),
        **_safety(rows, year),
        **_honours(rows, year),
        **_assistance(rows, year),
        **_rights(rows, year),
        **_services(rows, year),
        **_visits(rows, year),
    }


def _in(table: pd.DataFrame, column: str, year: int) -> pd.DataFrame:
    return table[pd.to_datetime(table[column]).dt.year == year]


def _active(table: pd.DataFrame, key: list[str], start: str, end: str, year: int) -> pd.DataFrame:
    latest = table.sort_values("month", kind="stable").drop_duplicates(key, keep="last")
    last = pd.Timestamp(f"{year}-12-31")
    ends = pd.to_datetime(latest[end]).fillna(pd.Timestamp("2100-01-01"))
    return latest[(pd.to_datetime(latest[start]) <= last) & (ends > last)]


def _covered(rows: dict[str, pd.DataFrame], year: int) -> pd.DataFrame:
    return _active(rows["union_coverage"], SPELL, "covered_from", "covered_to", year)


def _organisation(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    register = _in(rows["union_register"], "event_on", year)
    founded = register[register["event"] == "established"]
    coverage = rows["union_coverage"]
    enterprise = coverage[coverage["ownership"].isin(ENTERPRISES)]
    first = pd.to_datetime(enterprise["covered_from"]).groupby(enterprise["uscc"]).min()
    active = _covered(rows, year)
    # what a later month reports of a spell holds from that month on
    reported = coverage[coverage["month"] <= f"{year}-12"].sort_values("month", kind="stable").drop_duplicates(SPELL, keep="last")
    established = reported[(reported["workers_congress"] == "yes") & (reported["open_affairs"] == "yes")]
    both = pd.MultiIndex.from_frame(active[SPELL]).isin(pd.MultiIndex.from_frame(established[SPELL]))

    def rate(ownership: str) -> float:
        chosen = active["ownership"] == ownership
        return active.loc[chosen & both, "uscc"].nunique() / active.loc[chosen, "uscc"].nunique()

    joined = _in(rows["member_changes"], "changed_on", year)
    stock = rows["member_counts"]
    return {
        "org.unions_established.independent": founded.loc[founded["union_type"] == "independent", "union_code"].nunique(),
        "org.unions_established.joint": founded.loc[founded["union_type"] == "joint", "union_code"].nunique(),
        "org.enterprises_newly_covered": int((first.dt.year == year).sum()),
        "org.enterprises_with_union": active.loc[active["ownership"].isin(ENTERPRISES), "uscc"].nunique(),
        "congress.public_institution_rate": rate("public_institution"),
        "congress.non_public_enterprise_rate": rate("non_public"),
        "member.joined": joined.loc[joined["change"] == "join", "id_number"].nunique(),
        "member.mutual_aid_participants": float(stock.loc[stock["month"] == f"{year}-12", "mutual_aid"].sum()),
    }


def _harmony(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    active = _active(rows["programme_enrolments"], ["uscc", "programme", "level", "enrolled_on"], "enrolled_on", "ended_on", year)
    harmonious = active[active["programme"] == "harmonious"]
    covered = _covered(rows, year)
    unionised = set(covered.loc[covered["ownership"].isin(ENTERPRISES), "uscc"])
    participants = set(harmonious["uscc"]) & set(covered["uscc"])
    compliant = set(harmonious.loc[harmonious["level"].isin(["compliant", "model_a"]), "uscc"])
    return {
        "harmony.participants": len(participants),
        "harmony.coverage_rate": len(participants) / len(unionised),
        "harmony.compliant": len(compliant),
        "harmony.care_activity": len(compliant & set(active.loc[active["programme"] == "mutual_care", "uscc"])),
        "safety.ankang_cup_enterprises": active.loc[active["programme"] == "ankang_cup", "uscc"].nunique(),
    }


def _training(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    held = _in(rows["training_activities"], "held_to", year)
    kinds = {kind: held[held["kind"] == kind] for kind in held["kind"].unique()}
    hosted = held[(held["role"] == "host") & held["campaign"].isna()]
    flood = held[(held["campaign"] == "five_waters") & held["kind"].isin(CONTESTS)]
    host = flood[flood["role"] == "host"]
    entrants = set(flood.loc[flood["role"] == "entrant", "department"])
    units = Federation.load().units(f"{year}-01")
    promoted = _in(rows["qualification_promotions"], "certified_on", year)
    one_up = promoted["grade_to"].astype(int) == promoted["grade_from"].astype(int) - 1
    return {
        "training.qualification_promotions": promoted.loc[one_up, "id_number"].nunique(),
        "training.contests.district": int((hosted["kind"] == "district_contest").sum()),
        "training.contests.women": int((hosted["kind"] == "women_contest").sum()),
        "training.contests.municipal": kinds["municipal_contest"]["trade"].nunique(),
        "training.contests.municipal_trades": kinds["municipal_contest"]["trade"].nunique(),
        "training.lectures.women": float(kinds["women_lecture"]["sessions"].sum()),
        "training.grassroots_activities": float(kinds["grassroots"]["sessions"].sum()),
        "training.free_courses": len(kinds["free_course"]),
        "training.free_university_exam": float(kinds["university_exam"]["participants"].sum()),
        "training.flood_contest.teams": float(host["teams"].sum()),
        "training.flood_contest.participants": float(host["participants"].sum()),
        "training.flood_contest.street_unions": sum(units[code].kind == "street_union" for code in entrants),
        "training.flood_contest.bureau_unions": sum(units[code].kind == "bureau_union" for code in entrants),
    }


def _contracts(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    signed = _in(rows["collective_contracts"], "signed_on", year)
    private = set(rows["union_coverage"].loc[rows["union_coverage"]["ownership"] == "non_public", "uscc"])
    result: dict[str, float] = {}
    for area, kind in {"safety": "labour_safety", "women": "women_rights"}.items():
        for signing in ("new", "renewed"):
            chosen = signed[(signed["kind"] == kind) & (signed["signing"] == signing)]
            own = set(chosen.loc[chosen["coverage"] == "enterprise", "uscc"])
            result[f"contract.{area}.enterprise.{signing}"] = len(own & private if (area, signing) == ("women", "new") else own)
            result[f"contract.{area}.regional.{signing}"] = int((chosen["coverage"] != "enterprise").sum())
    return result


def _safety(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    hazards = rows["hazards"].sort_values("month", kind="stable").drop_duplicates("hazard_no", keep="last")
    return {
        "safety.inspections": len(_in(rows["safety_inspections"], "inspected_on", year)),
        "safety.hazards_rectified": len(_in(hazards, "rectified_on", year)),
    }


def _honours(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    awarded = _in(rows["honours"], "awarded_on", year)
    names = {
        "training.skill_leaders": "skill_leader",
        "honour.pioneer_teams": "district_pioneer_team",
        "honour.innovations_shortlisted": "innovation",
        "honour.national_labour_medal": "national_labour_medal",
        "honour.provincial_model_workers": "provincial_model_worker",
        "honour.provincial_model_collectives": "provincial_model_collective",
        "honour.municipal_labour_certificates": "municipal_labour_certificate",
        "honour.municipal_labour_medals": "municipal_labour_medal",
    }
    of_federation = awarded[(awarded["honour"] == "federation_award") & (awarded["level"] == "municipal")]
    recipients = awarded.groupby("honour")["recipient"].nunique()
    return {name: float(recipients[honour]) for name, honour in names.items()} | {
        "honour.federation.municipal": len(of_federation)
    }


def _assistance(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    granted = _in(rows["assistance"], "granted_on", year)
    by_programme = dict(iter(granted.groupby("programme")))

    def persons(table: pd.DataFrame) -> int:
        return table["id_number"].nunique()

    def amount(table: pd.DataFrame) -> float:
        return float(table["amount"].sum())

    visited, cards = by_programme["model_worker_visit"], by_programme["spring_card"]
    spring, autumn = by_programme["spring_schooling"], by_programme["autumn_schooling"]
    pupils = autumn[(autumn["beneficiary_kind"] == "child") & (autumn["migrant"] == "yes")]
    both = set(by_programme["recuperation"]["id_number"]) & set(by_programme["health_check"]["id_number"])
    return {
        "assist.model_workers_visited": persons(visited[visited["model_worker_level"] == "national"]),
        "assist.model_worker_hardship.families": persons(by_programme["model_worker_hardship"]),
        "assist.model_worker_hardship.amount": amount(by_programme["model_worker_hardship"]),
        "assist.model_worker_medical.persons": persons(by_programme["model_worker_medical"]),
        "assist.model_worker_medical.amount": amount(by_programme["model_worker_medical"]),
        "assist.spring_cards": persons(cards[cards["migrant"] == "yes"]),
        "assist.hardship_relief.person_times": len(by_programme["hardship_relief"]),
        "assist.hardship_relief.amount": amount(by_programme["hardship_relief"]),
        "assist.accident_insurance.persons": persons(by_programme["accident_insurance"]),
        "assist.accident_insurance.amount": amount(by_programme["accident_insurance"]),
        "assist.recuperation": persons(by_programme["recuperation"]),
        "assist.recuperation_and_checkup": len(both),
        "assist.education.spring_children": persons(spring[spring["beneficiary_kind"] == "child"]),
        "assist.education.autumn_children": persons(pupils),
        "assist.education.autumn_amount": amount(pupils),
        "assist.university_sponsored": persons(by_programme["university_aid"]),
        "women.group_insurance": persons(by_programme["women_insurance"]),
        "women.group_insurance_free": persons(by_programme["women_insurance_free"]),
        "women.cervical_screening": persons(by_programme["cervical_screening"]),
    }


def _rights(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    latest = rows["rights_cases"].sort_values("month", kind="stable").drop_duplicates("case_no", keep="last")
    closed = _in(latest, "closed_on", year)
    published = closed[(closed["published_case"] == "yes") & (closed["kind"] == "wage_arrears")]
    return {
        "rights.wage_arrears.workers": float(published["workers"].sum()),
        "rights.wage_arrears.amount": float(published["recovered"].sum()),
    }


def _services(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    offered = _in(rows["employment_services"], "held_on", year)
    hosted = offered[offered["role"] == "host"]
    events = _in(rows["cultural_activities"], "held_on", year)
    kinds = dict(iter(events.groupby("kind")))
    film_days = kinds["new_year_film"]
    lasted = pd.to_datetime(film_days["held_to"]).fillna(pd.to_datetime(film_days["held_on"])) - pd.to_datetime(
        film_days["held_on"]
    )
    singers = kinds["singing_contest"]
    return {
        "employment.job_delivery_events": int((hosted["kind"] == "job_delivery").sum()),
        "employment.recruitment_fairs": int((hosted["kind"] == "recruitment_fair").sum()),
        "employment.posts_offered": float(hosted["posts"].sum()),
        "employment.placements": float(hosted["placements"].sum()),
        "culture.friendship_events": len(kinds["friendship"]),
        "culture.art_troupe_shows": len(kinds["art_troupe_show"]),
        "culture.films": len(kinds["film"]),
        "culture.festival_events": len(kinds["festival"]),
        "culture.summer_camps": len(kinds.get("summer_camp", ())),
        "culture.new_year_film_days": int((lasted.dt.days + 1).sum()),
        "culture.singers_recommended": float(singers.loc[singers["level"] == "municipal", "delegates"].sum()),
        "culture.group_wedding_couples": float(kinds["group_wedding"]["delegates"].sum()),
    }


def _visits(rows: dict[str, pd.DataFrame], year: int) -> dict[str, float]:
    visited = _in(rows["visits"], "visited_on", year)
    kinds = dict(iter(visited.groupby("kind")))
    led = visited[visited["kind"].isin(["leader_outreach", "paired_worker", "seminar"])]
    return {
        "visit.frontline_workers": float(kinds["frontline"]["workers"].sum() + kinds["high_temperature"]["workers"].sum()),
        "outreach.leaders": led["visitor_code"].nunique(),
        "outreach.enterprises_visited": kinds["leader_outreach"]["uscc"].nunique(),
        "outreach.workers_paired": kinds["paired_worker"]["person"].nunique(),
        "outreach.seminars": len(kinds["seminar"]),
    }
