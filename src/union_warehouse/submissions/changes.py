"""What a version changes of the one that it replaces: counts of rows, told apart by the form's key. No value leaves the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from union_warehouse.contracts import Form, load_forms
from union_warehouse.contracts.model import Field
from union_warehouse.landing.effective import effective_manifests
from union_warehouse.landing.folders import form_file
from union_warehouse.landing.manifests import AnyManifest, Changes, Manifest, taken_forms
from union_warehouse.landing.rows import read_landed
from union_warehouse.paths import Home

_COUNTS = """
    with
        sent as (select {key} as key, {content} as content from now_sent),
        replaced as (select {key} as key, {content} as content from sent_before),
        unlike_before as (select key, count(*) as many from (from sent except all from replaced) group by key),
        unlike_now as (select key, count(*) as many from (from replaced except all from sent) group by key)
    select
        coalesce(sum(greatest(coalesce(unlike_before.many, 0) - coalesce(unlike_now.many, 0), 0)), 0),
        coalesce(sum(greatest(coalesce(unlike_now.many, 0) - coalesce(unlike_before.many, 0), 0)), 0),
        coalesce(sum(least(coalesce(unlike_before.many, 0), coalesce(unlike_now.many, 0))), 0)
    from unlike_before
    full join unlike_now using (key)
"""


def note_changes(home: Home, manifest: AnyManifest, tables: Mapping[str, pa.Table], landed: Sequence[Manifest]) -> None:
    """Say in a manifest, of each form that is taken, what it changes of the version that counted before.

    Args:
        home: the warehouse's state.
        manifest: of the submission; ``changes`` of its forms are filled in.
        tables: its landed rows by form.
        landed: the other submissions of the same department and month.
    """
    counted = effective_manifests(landed, received_before=manifest["received_at"])
    taken = taken_forms(manifest)
    for entry in manifest["forms"]:
        name = entry["form"]
        before = counted.get((str(manifest["month"]), str(manifest["department"]), name))
        if name in taken and before is not None:
            file = form_file(home, before, name)
            rows = None if file is None else read_landed(file)
            entry["changes"] = _changes(before["submission_id"], load_forms()[name], tables.get(name), rows)


def _changes(replaces: str, form: Form, now_sent: pa.Table | None, sent_before: pa.Table | None) -> Changes:
    either = now_sent if now_sent is not None else sent_before
    counts = (0, 0, 0)
    if either is not None:
        tables = [either.schema.empty_table() if table is None else table for table in (now_sent, sent_before)]
        both = set.intersection(*(set(table.column_names) for table in tables))
        fields = [field for field in form.fields if field.name in both]  # a contract may have gained a column since
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.register("now_sent", tables[0])
            connection.register("sent_before", tables[1])
            counts = connection.execute(_COUNTS.format(key=_texts(form.key), content=_texts(fields))).fetchall()[0]
    return {"replaces": replaces, "new": int(counts[0]), "gone": int(counts[1]), "changed": int(counts[2])}


def _texts(fields: Sequence[Field]) -> str:
    """SQL: what the cells say: the value that was read, else the text (of a personal cell, the keyed hash)."""
    return "[" + ", ".join(f'coalesce(cast("{field.name}" as varchar), "{field.name}__text", \'\')' for field in fields) + "]"
