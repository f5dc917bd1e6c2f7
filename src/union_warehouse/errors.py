"""Errors that carry facts, and one place that turns them into words in Chinese and English.

A class states what is wrong and the next step as two templates; an instance fills them with its facts. The message
reaches the person who can act, so it names the place (file, sheet, cell) as that person sees it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class UnionWarehouseError(Exception):
    """Base of every error that the project raises on purpose.

    Attributes:
        code: machine name, reported as ``rule``.
        exit_code: what a command ends with that it stopped.
        message_zh: Chinese message; on the class a template, on an instance filled with the facts.
        message_en: the same in English.
        facts: what the error knows (file, sheet, row …); each is an attribute too.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    message_zh: str = "出现错误。"
    message_en: str = "something went wrong."

    def __init__(self, **facts: Any) -> None:
        """Keep ``facts`` and fill the messages with them.

        Args:
            **facts: what the error knows; the templates name them.
        """
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)
        self.message_zh = type(self).message_zh.format(**facts)
        self.message_en = type(self).message_en.format(**facts)
        super().__init__(f"{self.message_zh} ({self.message_en})")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by facts, so that an error crosses a process (Airflow) unharmed."""
        return _rebuild, (type(self), self.facts)


def _rebuild(kind: type[UnionWarehouseError], facts: dict[str, Any]) -> UnionWarehouseError:
    return kind(**facts)
