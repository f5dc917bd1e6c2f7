"""The rules across rows, forms and months, and the faults that a close finds: ``expectations/rules.yml``."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from union_warehouse.project import EXPECTATIONS_DIR
from union_warehouse.yaml_files import YamlEntry, fault, read_yaml

RULES_SOURCE = EXPECTATIONS_DIR / "rules.yml"


class RuleKind(StrEnum):
    """Who judges a rule; the head of ``rules.yml`` says what each means."""

    CLOSE = "close"
    SECOND_LOOK = "second_look"
    CROSS_CHECK = "cross_check"
    REPORT = "report"
    FIGURE = "figure"


class OutlierKind(YamlEntry):
    """What stands out in a figure; ``code`` as in ``rpt_outliers``."""

    code: str
    means_zh: str
    means_en: str


class Rule(YamlEntry):
    """One rule.

    Attributes:
        code: unique name.
        kind: who judges it.
        severity: an error keeps its row waiting, a warning is reported, a stop ends the close.
        message_zh: what to change.
        message_en: the same in English.
        forms: those whose rows break it; empty for any form.
        reason: why it is as it is; None where it needs none.
        judges: of a second look: the rule of the close that it judges again.
        failing_rows: of a second look: SQL of the rows that break it.
        outlier_kinds: of a figure: which outliers break it.
    """

    code: str
    kind: RuleKind
    severity: Literal["error", "warning", "stop"]
    message_zh: str
    message_en: str
    forms: tuple[str, ...] = ()
    reason: str | None = None
    judges: str | None = None
    failing_rows: str | None = None
    outlier_kinds: tuple[OutlierKind, ...] = ()


class Rules(YamlEntry):
    """The file."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        by_code = {rule.code: rule for rule in self.rules}
        if len(by_code) < len(self.rules):
            codes = [rule.code for rule in self.rules]
            twice = ", ".join(sorted({code for code in codes if codes.count(code) > 1}))
            fault(f"规则代码重复：{twice}", f"codes are used twice: {twice}", "rules")
        for rule in self.rules:
            is_second = rule.kind is RuleKind.SECOND_LOOK
            judged = by_code.get(rule.judges or "")
            if is_second != bool(rule.failing_rows) or is_second != (judged is not None and judged.kind is RuleKind.CLOSE):
                fault(
                    f"{rule.code}：second_look 规则（且只有它）须有 failing_rows，并以 judges 指明一条 close 规则",
                    f"{rule.code}: a second_look, and nothing else, has failing_rows and judges a rule of the kind close",
                    "rules",
                )
        return self


@cache
def load_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the file.

    Raises:
        MalformedFile: an entry lacks something, or holds what nobody reads.
    """
    return read_yaml(RULES_SOURCE, Rules).rules


def rules_table() -> pa.Table:
    """The rules as the build reads them: rule_code, rule_kind, severity, message_zh, message_en, outlier_kinds (list)."""
    return pa.Table.from_pylist(
        [
            {
                "rule_code": rule.code,
                "rule_kind": rule.kind.value,
                "severity": rule.severity,
                "message_zh": rule.message_zh,
                "message_en": rule.message_en,
                "outlier_kinds": [kind.code for kind in rule.outlier_kinds],
            }
            for rule in load_rules()
        ]
    )
