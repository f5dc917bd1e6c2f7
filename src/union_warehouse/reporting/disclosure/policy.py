"""The federation's policy: what is a small value, and who sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.paths import Home
from union_warehouse.yaml_files import YamlEntry, read_yaml

POLICY_FILE = "disclosure.yml"
Door = Literal["figures", "report"]


class UnknownAudience(UnionWarehouseError):
    """The policy does not name that audience."""

    code = "unknown_audience"
    message_zh = "disclosure.yml 中没有读者“{audience}”；已有：{known}。"
    message_en = "disclosure.yml names no audience {audience!r}; it has {known}."


class Audience(YamlEntry):
    """Who reads.

    Attributes:
        small_values: whether small values, and what they could be worked out from, are shown.
    """

    small_values: Literal["shown", "hidden"]


class DisclosurePolicy(YamlEntry):
    """What :data:`POLICY_FILE` says.

    Attributes:
        threshold: a value that counts fewer persons, but not none, is a small one.
        audiences: by name.
        doors: the audience that each command writes for unless told otherwise.
    """

    threshold: int = Field(ge=2)
    audiences: dict[str, Audience] = Field(min_length=1)
    doors: dict[Door, str]

    @model_validator(mode="after")
    def _doors_lead_to_audiences(self) -> DisclosurePolicy:
        for audience in self.doors.values():
            if audience not in self.audiences:
                facts = {"reason_zh": f"没有读者“{audience}”", "reason_en": f"there is no audience {audience!r}"}
                raise PydanticCustomError("fault", "{reason_en}", facts)
        return self


def read_policy(home: Home) -> DisclosurePolicy:
    """The policy of the home's federation.

    Raises:
        MalformedFile: the file is not what it should be.
    """
    return read_yaml(home.federation_folder / POLICY_FILE, DisclosurePolicy)


def audience_of(home: Home, door: Door, audience: str | None) -> tuple[str, int | None]:
    """Whom a door writes for, and below how many persons a value is hidden from them; None if all is shown.

    Args:
        home: the warehouse's state.
        door: the command that writes.
        audience: the one asked for; None for the door's own.

    Raises:
        UnknownAudience: the policy does not name it.
        MalformedFile: the policy is not what it should be.
    """
    policy = read_policy(home)
    name = audience or policy.doors[door]
    if name not in policy.audiences:
        raise UnknownAudience(audience=name, known="、".join(policy.audiences))
    return name, policy.threshold if policy.audiences[name].small_values == "hidden" else None
