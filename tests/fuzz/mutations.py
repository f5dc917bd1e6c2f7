"""Changes along a file's structure: elements of XML, parts of a package, records of an .xls, lines and quotes of a CSV."""

from __future__ import annotations

import copy
import io
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from xml.etree import ElementTree

TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "NaN",
    "INF",
    "1e400",
    "1E+17",
    "4294967296",
    "99999999999999999999",
    "TRUE",
    "#REF!",
    "=1+1",
    "合计",
    "填表人：样例",
    "以下空白",
    "\u200b",
    "\ufffd",
    "A1",
    "ZZ1048576",
    "XFD1",
    "A0",
    "3",
    "x" * 40_000,
)
"""What is written into attributes, elements and cells."""

_XML_PARTS = (".xml", ".rels")
_LONGEST_DAMAGE = 64


def mutate(data: bytes, suffix: str, chance: Random) -> bytes:
    """A file with one to three changes; of records, which depend on each other, one."""
    for _ in range(1 if suffix == ".xls" else chance.randint(1, 3)):
        data = _MUTATIONS[suffix](data, chance)
    return data


def _mutate_package(data: bytes, chance: Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = [(name, package.read(name)) for name in package.namelist()]
    except Exception:  # an earlier change broke the package
        return _damage_bytes(data, chance)
    change = chance.choices((_change_xml, _change_parts, _change_bytes_of_part), (8, 1, 1))[0]
    parts = change(parts, chance)
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        warnings.simplefilter("ignore")  # a part twice
        for name, content in parts:
            package.writestr(name, content)
    return target.getvalue() if chance.random() > 0.03 else _damage_bytes(target.getvalue(), chance)


Parts = list[tuple[str, bytes]]


def _change_parts(parts: Parts, chance: Random) -> Parts:
    place = chance.randrange(len(parts))
    name, content = parts[place]
    return [
        *parts[:place],
        *chance.choice(
            (
                [],
                [(name, content), (name, content)],
                [(name.upper(), content)],
                [(name.replace("/", "\\"), content)],
                [(name, chance.choice(parts)[1])],
                [(name, b"")],
            )
        ),
        *parts[place + 1 :],
    ]


def _change_bytes_of_part(parts: Parts, chance: Random) -> Parts:
    place = chance.randrange(len(parts))
    name, content = parts[place]
    return [*parts[:place], (name, _damage_bytes(content, chance)), *parts[place + 1 :]]


def _change_xml(parts: Parts, chance: Random) -> Parts:
    """One change in one part, more often in a long one."""
    places = [place for place, (name, content) in enumerate(parts) if name.endswith(_XML_PARTS) and content]
    if not places:
        return parts
    place = chance.choices(places, [len(parts[place][1]) for place in places])[0]
    name, content = parts[place]
    try:
        for prefix, uri in re.findall(rb'xmlns:(\w+)="([^"]+)"', content):
            ElementTree.register_namespace(prefix.decode(), uri.decode())
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, UnicodeDecodeError):
        return _change_bytes_of_part(parts, chance)
    _change_element(root, chance)
    return [*parts[:place], (name, ElementTree.tostring(root, "utf-8", xml_declaration=True)), *parts[place + 1 :]]


def _change_element(root: ElementTree.Element, chance: Random) -> None:
    parent = chance.choice([element for element in root.iter() if len(element)] or [root])
    if not len(parent):
        return
    place, other = chance.randrange(len(parent)), chance.randrange(len(parent))
    chance.choice((_move_element, _move_element, _change_text, _change_attribute, _change_attribute))(
        parent, place, other, chance
    )


def _move_element(parent: ElementTree.Element, place: int, other: int, chance: Random) -> None:
    kind = chance.choice(("remove", "repeat", "swap", "nest"))
    if kind == "remove":
        del parent[place]
    elif kind == "repeat":
        parent.insert(place, copy.deepcopy(parent[place]))
    elif kind == "swap":
        parent[place], parent[other] = parent[other], parent[place]
    else:
        parent[other].append(copy.deepcopy(parent[place]))


def _change_text(parent: ElementTree.Element, place: int, other: int, chance: Random) -> None:
    parent[place].text = chance.choice((*TEXTS, parent[other].text))


def _change_attribute(parent: ElementTree.Element, place: int, other: int, chance: Random) -> None:
    child = parent[place]
    if not child.attrib:
        return
    name = chance.choice(list(child.attrib))
    if chance.random() < 0.3:
        del child.attrib[name]
    else:
        child.set(name, chance.choice((chance.choice(TEXTS), parent[other].get(name, ""))))


def _mutate_xls(data: bytes, chance: Random) -> bytes:
    """Change a record: xlwt writes the stream of the workbook in one piece, from the second sector on."""
    starts = _records(data)
    if not starts or chance.random() < 0.1:
        return _damage_bytes(data, chance)
    records = [data[one:following] for one, following in pairwise(starts)]
    place = chance.randrange(0 if chance.random() < 0.2 else len(records) * 2 // 3, len(records))  # mostly cells
    change = chance.choice((_move_record, _change_head, _change_body))
    changed = b"".join(change(records, place, chance.randrange(len(records)), chance))
    size = starts[-1] - starts[0]
    return data[: starts[0]] + changed[:size].ljust(size, b"\0") + data[starts[-1] :]


def _move_record(records: list[bytes], place: int, other: int, chance: Random) -> list[bytes]:
    before, record, after = records[:place], records[place], records[place + 1 :]
    return [*before, *chance.choice(([], [record, record], [records[other]])), *after]


def _change_head(records: list[bytes], place: int, other: int, chance: Random) -> list[bytes]:
    record = bytearray(records[place])
    kind, length = struct.unpack_from("<HH", record)
    kind = chance.choice((kind, struct.unpack_from("<H", records[other])[0]))
    struct.pack_into("<HH", record, 0, kind, chance.choice((length, length, 0, 1, 8224, 0xFFFF)))
    return [*records[:place], bytes(record), *records[place + 1 :]]


def _change_body(records: list[bytes], place: int, other: int, chance: Random) -> list[bytes]:
    record = bytearray(records[place])
    for position in range(4, len(record)):
        if chance.random() < 0.2:
            record[position] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
    return [*records[:place], bytes(record), *records[place + 1 :]]


def _records(data: bytes) -> list[int]:
    """Where each record begins, and where the last one ends."""
    starts, position = [512], 512
    while position + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, position)
        if not kind or position + 4 + length > len(data):
            break
        position += 4 + length
        starts.append(position)
    return starts if len(starts) > 2 else []


def _mutate_csv(data: bytes, chance: Random) -> bytes:
    return chance.choice((_change_lines, _change_lines, _change_line, _change_line, _change_line, _change_csv, _damage_bytes))(
        data, chance
    )


def _change_lines(data: bytes, chance: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b"\n"]
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.choice(("remove", "repeat", "swap", "add"))
    if kind == "remove":
        del lines[place]
    elif kind == "repeat":
        lines.insert(place, lines[other])
    elif kind == "swap":
        lines[place], lines[other] = lines[other], lines[place]
    else:
        lines.append(chance.choice((b"\x1a", b"\xff", b"\xe6\x95", b",,,\r\n", "合计,,,\r\n".encode(), b"\0" * 3)))
    return b"".join(lines)


def _change_line(data: bytes, chance: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b"\n"]
    place = chance.randrange(len(lines))
    line = lines[place]
    cells = line.split(b",")
    cell, position = chance.randrange(len(cells)), chance.randrange(len(line) + 1)
    sign = chance.choice((b'"', b'""', b'"\r\n', b"\r", b"\n", b"\0", b"\t", b";", b","))
    lines[place] = chance.choice(
        (
            line[:position] + sign + line[position:],
            b",".join([*cells[:cell], chance.choice(TEXTS).encode(), *cells[cell + 1 :]]),
            b",".join([*cells[:cell], *cells[cell + 1 :]]),
            line.replace(b",", chance.choice((b";", b"\t", b"\xef\xbc\x8c", b"," * 9))),
            line.rstrip(b"\r\n"),
        )
    )
    return b"".join(lines)


def _change_csv(data: bytes, chance: Random) -> bytes:
    """Another separator or another encoding throughout."""
    if chance.random() < 0.4:
        return data.replace(b",", chance.choice((b";", b"\t")))
    text = data.decode(errors="replace")
    return text.encode(chance.choice(("gb18030", "utf-16", "utf-16-be", "utf-8-sig")), errors="replace")


def _damage_bytes(data: bytes, chance: Random) -> bytes:
    if not data:
        return b"\0"
    place = chance.randrange(len(data))
    length = chance.randrange(1, _LONGEST_DAMAGE)
    return chance.choice(
        (
            data[:place],
            data[:place] + data[place + length :],
            data[:place] + bytes(chance.randrange(256) for _ in range(length)) + data[place + length :],
            data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :],
        )
    )


_MUTATIONS: dict[str, Callable[[bytes, Random], bytes]] = {
    ".xlsx": _mutate_package,
    ".ods": _mutate_package,
    ".xls": _mutate_xls,
    ".csv": _mutate_csv,
}
SUFFIXES: Sequence[str] = tuple(_MUTATIONS)
