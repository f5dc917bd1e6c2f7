"""XML from outside, read without entities, nothing fetched, bounded in depth and in the length of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element

_CHUNK = 2**15
"""What is parsed at a time stays in the processor's cache; twice as fast as a megabyte."""


class DamagedXml(Exception):
    """XML that is not well-formed, nested too deep, or brings a document type."""


def parse_xml(xml: bytes) -> Element:
    """The root of a small part.

    Raises:
        DamagedXml: see the class.
    """
    parser = _parser(("end",), "nothing")
    try:
        parser.feed(xml)
        root = parser.close()
    except etree.LxmlError as error:
        raise DamagedXml(str(error)[:200]) from error
    _refuse_document_type(root)
    return root


def in_one_piece(xml: bytes) -> bytes:
    """The same content without comments, and each text as one: not parted by character references or CDATA sections.

    Raises:
        DamagedXml: see the class.
    """
    return bytes(etree.tostring(parse_xml(xml), encoding="UTF-8", xml_declaration=True))


def elements_in_bulk(xml: bytes, container: str) -> Iterator[Sequence[Element]]:
    """The children of every element called ``container``: see :func:`containers_in_bulk`."""
    for _, elements in containers_in_bulk(xml, container):
        yield elements


def containers_in_bulk(xml: bytes, *names: str) -> Iterator[tuple[Element, Sequence[Element]]]:
    """Each element of these names with its children, many at a time and each once; what was given is dropped afterwards.

    One within another is no container of its own.

    Raises:
        DamagedXml: see the class.
    """
    parser = _parser(("start",), *(f"{{*}}{name}" for name in names))
    open_containers: list[Element] = []
    try:
        for start in range(0, len(xml), _CHUNK):
            parser.feed(xml[start : start + _CHUNK])
            for _, element in parser.read_events():
                _refuse_document_type(element)
                if not open_containers or open_containers[-1] not in element.iterancestors():
                    open_containers.append(element)
            yield from _children(open_containers, is_last_whole=False)
        parser.close()
    except etree.LxmlError as error:
        raise DamagedXml(str(error)[:200]) from error
    yield from _children(open_containers, is_last_whole=True)


def _children(containers: list[Element], *, is_last_whole: bool) -> Iterator[tuple[Element, Sequence[Element]]]:
    """Children that are read to their end; only the last container can still grow."""
    while containers:
        container = containers[0]
        is_whole = is_last_whole or len(containers) > 1
        whole = container[:] if is_whole else container[:-1]
        elements = [element for element in whole if isinstance(element.tag, str)]
        if elements:
            yield container, elements
        del container[: len(whole)]
        if not is_whole:
            return
        containers.pop(0)


def _parser(events: Sequence[str], *tags: str) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=events,
        tag=tags,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )  # not collect_ids=False: it lets libxml2 fetch the document type that a file names


def _refuse_document_type(element: Element) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise DamagedXml("DOCTYPE")
