"""``uw verify``."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import click

from union_warehouse.cli.console import print_json, print_table
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.warehouse.verification import Difference

_KINDS = {
    "changed": "is not as it was written: changed, gone or added 与写入时不一致",
    "unreadable": "cannot be read 无法读取",
    "chain": "does not follow from what was before it, or that was changed 与前一条不衔接",
}


@click.command()
@click.option("--release", "release_id", metavar="ID", help="A release (default: the current one).")
@click.option("--all", "is_all", is_flag=True, help="Every release up to that one, everything landed, the ledgers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def verify(release_id: str | None, is_all: bool, as_json: bool) -> None:
    """See whether releases, and with --all landing and ledgers, are what was written: by the sha256 of each file.

    Prints the sha256 of the release, which stands for it and all before it: compare it with the one in the report. Exit
    code 1: something differs; each place is named.
    """
    from union_warehouse.releases.integrity import release_sha256
    from union_warehouse.warehouse.verification import VerificationFailed, verify_landing, verify_ledgers, verify_releases

    home = Home.from_environment()
    parts = [verify_releases(home, release_id, is_all=is_all)]
    if is_all:
        parts += [verify_landing(home), verify_ledgers(home)]
    found: list[Difference] = []
    head = ""
    for name, differences in chain.from_iterable(parts):
        head = head or name
        found += differences
        if not as_json:
            click.echo(f"{name}: {f'{len(differences)} differences' if differences else 'as written'}")
    sha256 = release_sha256(home, head)
    if as_json:
        print_json({"release": head, "sha256": sha256, "differences": [vars(difference) for difference in found]})
    else:
        click.echo(f"sha256 of {head} 版本指纹: {sha256}")
        if found:
            print_table("", (("place", False), ("what", False)), [(one.path, _KINDS[one.kind]) for one in found])
    if found and as_json:
        raise SystemExit(VerificationFailed.exit_code)
    if found:
        raise VerificationFailed(count=len(found))
