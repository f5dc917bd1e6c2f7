"""What the SQL of a build calls beyond DuckDB's own functions; no mart and no release needs it."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import PythonUDFType

from union_warehouse.workbooks.cells import normalise_texts


class Plugin(BasePlugin):
    """Registers the functions; named as dbt-duckdb looks for it."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Make ``nfkc(text)`` known: the text as texts are compared (NFKC, without characters that nobody sees)."""
        conn.create_function("nfkc", _nfkc, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)


def _nfkc(texts: Any) -> pa.Array:
    return normalise_texts(texts.combine_chunks())
