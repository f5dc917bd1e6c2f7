"""What ``covers.yml`` must look like as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from union_warehouse.contracts.model import CONTRACT_VERSION
from union_warehouse.contracts.written_layouts import PeriodEntry, check_names_and_periods
from union_warehouse.yaml_files import YamlEntry, fault, read_yaml

_NAMED = {"month", "department"}


class _Labels(YamlEntry):
    department: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    month: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    version: tuple[str, ...] | None = None
    contact: tuple[str, ...] | None = None
    phone: tuple[str, ...] | None = None
    form: tuple[str, ...] | None = None
    return_: Annotated[tuple[str, ...] | None, Field(alias="return")] = None

    @model_validator(mode="after")
    def _table_is_whole(self) -> Self:
        if (self.form == ()) != (self.return_ == ()):
            fault(
                "form 和 return 须同时为 []（没有报表清单）",
                "form and return are both [] where the cover had no table of forms, or neither is",
            )
        return self


class _Words(YamlEntry):
    rows: tuple[str, ...] = ()
    nil: tuple[str, ...] = ()


class FormerCoverEntry(PeriodEntry):
    """One former cover."""

    sheets: tuple[str, ...] = ()
    file_name: str | None = None
    labels: _Labels = _Labels()
    words: _Words = _Words()

    @model_validator(mode="after")
    def _file_name_places(self) -> Self:
        if self.file_name is None:
            return self
        if self.sheets:
            fault("sheets 和 file_name 只能写一项", "it has sheets or a file_name, not both")
        try:
            groups = set(re.compile(self.file_name).groupindex)
        except re.error as error:
            fault(f"不是正则表达式（{error}）", f"it is no regular expression ({error})", "file_name")
        if groups != _NAMED:
            fault(
                "须有 (?P<month>…) 和 (?P<department>…) 两部分",
                "it has the parts (?P<month>…) and (?P<department>…), and no other that is named",
                "file_name",
            )
        return self


class CoversFile(YamlEntry):
    """The file ``covers.yml``."""

    former_covers: tuple[FormerCoverEntry, ...]

    @model_validator(mode="after")
    def _one_is_in_force(self) -> Self:
        check_names_and_periods(self.former_covers, CONTRACT_VERSION, "former_covers")
        return self


def check_covers(path: Path) -> None:
    """See that a file declares covers.

    Raises:
        MalformedFile: it does not.
    """
    read_yaml(path, CoversFile)
