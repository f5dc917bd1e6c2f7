"""YAML that people write, read into pydantic models: what is wrong with it is reported by file and key, in Chinese and English."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from union_warehouse.errors import UnionWarehouseError


class MalformedFile(UnionWarehouseError):
    """A file that people write lacks something, or holds what nobody reads."""

    code = "malformed_file"
    message_zh = "{path} 的“{place}”有误：{reason_zh}。请对照文件开头的说明和其他条目修改。"
    message_en = "{path} is wrong at {place!r}: {reason_en}; the comment at its head and its other entries show how."
    path: Path
    place: str
    reason_zh: str
    reason_en: str


class YamlEntry(BaseModel):
    """A mapping of such a file: every key is known, no text is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, str_min_length=1)


EntryT = TypeVar("EntryT", bound=YamlEntry)
_FAULT = "fault"
_NAMES = ("id", "key", "code", "name")
"""Keys by which an entry of a list is called."""
_REASONS = {
    "missing": ("缺少此项", "it is missing"),
    "extra_forbidden": ("未知项", "it is not known"),
    "literal_error": ("应为 {expected}", "it must be {expected}"),
    "enum": ("应为 {expected}", "it must be {expected}"),
    "string_type": ("应为文字", "text is wanted"),
    "string_too_short": ("不能为空", "it is empty"),
    "string_pattern_mismatch": ("不合格式 {pattern}", "it does not match {pattern}"),
    "too_short": ("不能为空", "it is empty"),
    "too_long": ("至多 {max_length} 项", "it has more than {max_length} entries"),
    "int_type": ("应为整数", "a whole number is wanted"),
    "int_parsing": ("应为整数", "a whole number is wanted"),
    "int_from_float": ("应为整数", "a whole number is wanted"),
    "bool_type": ("应为 true 或 false", "true or false is wanted"),
    "bool_parsing": ("应为 true 或 false", "true or false is wanted"),
    "model_type": ("应为键值表", "a mapping is wanted"),
    "dict_type": ("应为键值表", "a mapping is wanted"),
    "tuple_type": ("应为列表", "a list is wanted"),
    _FAULT: ("{reason_zh}", "{reason_en}"),
}


def keyed_by(name: str) -> BeforeValidator:
    """Of a mapping of entries: each entry knows its own key, as its attribute ``name``."""

    def with_keys(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: {**item, name: key} if isinstance(item, dict) else item for key, item in value.items()}

    return BeforeValidator(with_keys)


def fault(reason_zh: str, reason_en: str, *place: str) -> NoReturn:
    """Refuse a value from within a validator of an entry.

    Args:
        reason_zh: what is wrong, in Chinese.
        reason_en: the same in English.
        *place: the keys that lead to it, seen from the validator.

    Raises:
        PydanticCustomError: always; :func:`read_yaml` makes a message of it.
    """
    raise PydanticCustomError(_FAULT, "{reason_en}", {"reason_zh": reason_zh, "reason_en": reason_en, "place": place})


def read_yaml(path: Path, model: type[EntryT], error: type[MalformedFile] = MalformedFile) -> EntryT:
    """What a file says, checked.

    Args:
        path: the file.
        model: what it must look like.
        error: the error by which this kind of file is refused.

    Raises:
        MalformedFile: of the kind ``error``; it cannot be read, or is not what ``model`` says.
    """
    try:
        document = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506  it is a CSafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as cause:
        mark = getattr(cause, "problem_mark", None)
        place, reason = (f"line {mark.line + 1}", getattr(cause, "problem", "")) if mark else ("-", str(cause))
        raise error(
            path=path, place=place, reason_zh=f"无法读取（{reason}）", reason_en=f"it cannot be read ({reason})"
        ) from cause
    try:
        return model.model_validate(document)
    except ValidationError as cause:
        faults = cause.errors(include_url=False, include_input=False)
        places = list(dict.fromkeys(_place(document, item) for item in faults))
        reason_zh, reason_en = _reason(faults[0])
        if len(places) > 1:
            reason_zh += f"（另有 {'、'.join(places[1:])}）"
            reason_en += f" (also wrong: {', '.join(places[1:])})"
        raise error(path=path, place=places[0], reason_zh=reason_zh, reason_en=reason_en) from cause


def _reason(item: ErrorDetails) -> tuple[str, str]:
    zh, en = _REASONS.get(item["type"], (item["msg"].replace("{", "{{").replace("}", "}}"),) * 2)
    facts = item.get("ctx", {})
    return zh.format(**facts), en.format(**facts)


def _place(document: Any, item: ErrorDetails) -> str:
    """The keys that lead to a fault; an entry of a list by its name where it has one, else by its number from 1."""
    keys, value = [], document
    for step in (*item["loc"], *item.get("ctx", {}).get("place", ())):
        if isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int):
            value = value[step]
            named = isinstance(value, Mapping) and next((value[name] for name in _NAMES if value.get(name)), None)
            keys.append(str(named or step + 1))
        else:
            value = _under(value, step)
            keys.append(str(step))
    return ".".join(keys) or "-"


def _under(value: Any, key: str | int) -> Any:
    """What stands under a key: of a mapping, or of the custom properties of a contract, a list of ``property`` and ``value``."""
    if isinstance(value, Mapping):
        return value.get(key)
    items = value if isinstance(value, list) else []
    return next((item.get("value") for item in items if isinstance(item, Mapping) and item.get("property") == key), None)


class _Loader(yaml.CSafeLoader):
    """A key that is written twice is refused; YAML's own loaders let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of ``node``.

        Raises:
            yaml.constructor.ConstructorError: a key occurs in it twice.
        """
        keys = [key.value for key, _ in node.value]
        for number, (key, _) in enumerate(node.value):
            if key.value in keys[:number]:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, f"found the key {key.value!r} twice", key.start_mark
                )
        return super().construct_mapping(node, deep)
