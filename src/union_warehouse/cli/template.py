"""``uw template``: the workbook that a department fills."""

from __future__ import annotations

from pathlib import Path

import click

from union_warehouse.cli.console import print_json
from union_warehouse.cli.values import Month
from union_warehouse.paths import Home


@click.command()
@click.option("--month", required=True, type=Month(), help="The month to be reported.")
@click.option("--department", metavar="CODE", help="Code of the reporting unit, such as CQ.")
@click.option(
    "--out",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file (default: <month>_<name>.xlsx here); it ends in .xlsx.",
)
@click.option(
    "--all",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write every department's template into this folder instead.",
)
@click.option("--overwrite", "is_overwriting", is_flag=True, help="Replace files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def template(
    month: str, department: str | None, out: Path | None, folder: Path | None, is_overwriting: bool, as_json: bool
) -> None:
    """Write the template of a department's monthly submission, prefilled from the current release."""
    from union_warehouse.reporting.templates import write_template, write_templates

    if (department is None) == (folder is None):
        raise click.UsageError("give --department or --all DIR. 请给出 --department 或 --all DIR 之一。")
    if folder and out:
        raise click.UsageError("--all DIR names the files itself; leave --out away. --all 自行命名文件，请去掉 --out。")
    if out and out.suffix.lower() != ".xlsx":
        raise click.UsageError(f"{out}: a template is an .xlsx file. 模板文件名应以 .xlsx 结尾。")
    home = Home.from_environment()
    if folder:
        files = write_templates(home, month, folder, is_overwriting=is_overwriting)
    else:
        files = [write_template(home, str(department).upper(), month, out, is_overwriting=is_overwriting)]
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(path)
