"""Covers of earlier templates, as ``expectations/covers.yml`` declares them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from union_warehouse.contracts.layouts import Period
from union_warehouse.contracts.load import former_period, load_forms
from union_warehouse.contracts.model import CONTRACT_VERSION
from union_warehouse.project import EXPECTATIONS_DIR

COVERS_FILE = EXPECTATIONS_DIR / "covers.yml"


@dataclass(frozen=True)
class FormerCover:
    """What is declared of the cover of an earlier template: only what was otherwise.

    Attributes:
        name: by which manifests know it.
        period: when it was in force.
        sheets: names of its sheet; empty: as today.
        file_name: of workbooks without a cover: pattern of the file's name without extension, with the groups ``month`` and
            ``department``.
        labels: words by what they stand for (department, month, version, contact, phone, form, return); none of what the cover
            lacked.
        words: of the returns ``rows`` and ``nil``.
    """

    name: str
    period: Period
    sheets: tuple[str, ...] = ()
    file_name: str | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def load_former_covers(path: Path = COVERS_FILE) -> tuple[FormerCover, ...]:
    """The covers of earlier templates, oldest first.

    Raises:
        MalformedFile: the file is not what its head says.
    """
    try:
        document = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        return tuple(_former_cover(**item) for item in document["former_covers"])
    except (LookupError, TypeError, ValueError, AttributeError, OSError, re.error, yaml.YAMLError):
        # as with the contracts, only what is wrong is looked at with pydantic
        from union_warehouse.contracts.written_covers import check_covers

        check_covers(path)
        raise


@cache
def known_template_versions() -> frozenset[str]:
    """The version of the template in force, and those that the former layout of a form or a cover names."""
    periods = [layout.period for form in load_forms().values() for layout in form.former_layouts]
    periods += [cover.period for cover in load_former_covers()]
    return frozenset({CONTRACT_VERSION, *(version for period in periods for version in period.template_versions)})


def _former_cover(
    name: str,
    template_versions: Sequence[str] = (),
    valid_from: str | None = None,
    valid_to: str | None = None,
    sheets: Sequence[str] = (),
    file_name: str | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
) -> FormerCover:
    return FormerCover(
        name=name,
        period=former_period(template_versions, valid_from, valid_to),
        sheets=tuple(sheets),
        file_name=None if file_name is None else re.compile(file_name).pattern,
        labels=_by_key(labels or {}),
        words=_by_key(words or {}),
    )


def _by_key(words: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in words.items()}
