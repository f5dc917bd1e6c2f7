"""What waits for approval, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from union_warehouse.cli.console import print_table
from union_warehouse.paths import Home


def print_reasons(home: Home, reasons: Mapping[str, Any]) -> None:
    """What is wrong with a close, a table for each kind."""
    from union_warehouse.warehouse.review_text import sections

    for section in sections(reasons, home.federation):
        print_table(section.title, [(heading, False) for heading in section.headings], section.rows)
        if section.left_out:
            click.echo(f"… {section.left_out} more; --json gives all")
