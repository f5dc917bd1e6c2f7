"""The command ``uw``. A command is imported when it is named, and imports what it needs when it runs."""

from __future__ import annotations

import codecs
import os
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import Any

import click

import union_warehouse
from union_warehouse.errors import UnionWarehouseError

COMMANDS = {
    "template": "template",
    "submit": "submit",
    "check": "submit",
    "receipt": "submit",
    "close": "close",
    "rebuild": "close",
    "approve": "approve",
    "reread": "submit",
    "status": "read",
    "issues": "issues",
    "figures": "figures",
    "trace": "figures",
    "report": "report",
    "query": "read",
    "releases": "close",
    "verify": "verify",
    "diff": "figures",
    "alerts": "alerts",
    "demo": "demo",
    "demo-data": "demo",
}
"""Each command, in the order of the work, and the module of this package that holds it."""
_READ_RELEASES = frozenset({"template", "issues", "figures", "trace", "report", "diff"})
_LACKS_SOMETHING = frozenset({"BinderException", "CatalogException"})
"""Errors of DuckDB, by name: it is imported only by who uses it."""
_WITHOUT_PANDAS = frozenset({"releases", "figures", "query", "status"})


class Commands(click.Group):
    """A group that imports a command when it is named, and turns the project's errors into words in one place."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Commands in the order of the work, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command called ``name``, from its module."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{COMMANDS[name]}"), name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a named error is printed without traceback and ends with its exit code."""
        try:
            return super().invoke(ctx)
        except UnionWarehouseError as error:
            named = error
        except Exception as error:
            from union_warehouse.storage import storage_error

            found = storage_error(error) or _of_another_version(ctx.invoked_subcommand, error)
            if found is None:
                raise
            named = found
        from union_warehouse.cli.console import print_error

        print_error(named)
        raise SystemExit(named.exit_code)


def _of_another_version(command: str | None, error: Exception) -> UnionWarehouseError | None:
    """What is wrong where a release has not the table or column that ``command`` reads; None of any other error."""
    if command not in _READ_RELEASES or type(error).__name__ not in _LACKS_SOMETHING:
        return None
    from union_warehouse.releases.errors import ReleaseOfAnotherVersion

    return ReleaseOfAnotherVersion(reason=str(error).partition("\n")[0])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(union_warehouse.__version__, prog_name="uw")
def main() -> None:
    """Monthly submissions of a trade-union federation: collect, close, publish, read.

    All state lives under UW_HOME (default: var/ in the project). With AIRFLOW_API_URL set, `submit`, `close` and
    `approve` run on that Airflow; otherwise inside this process. Exit codes: 0 done, 1 something was refused or failed,
    2 usage, 3 a close waits for approval.
    """


def run() -> None:
    """The command ``uw`` as a process of its own.

    DuckDB and pyarrow import pandas as soon as a value is bound, to see whether it is one of pandas': most of the CPU
    that a look at a release takes. Where no data frame is made, they find that there is no pandas.
    """
    _begin_in_utf_8()
    if _WITHOUT_PANDAS.intersection(sys.argv[1:2]):
        sys.meta_path.insert(0, _NoPandas())
    main()


def _begin_in_utf_8() -> None:
    """Begin again where names of files and words may only be ASCII, as a task of cron may find itself.

    Python takes the encoding of names from the locale when it starts, and nothing changes it afterwards.
    """
    encodings = {sys.getfilesystemencoding(), *(stream.encoding for stream in (sys.stdout, sys.stderr) if stream is not None)}
    if all(codecs.lookup(encoding).name != "ascii" for encoding in encodings):
        return
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"} | {"PYTHONUTF8": "1"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - what runs already


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(f"{fullname} is left out of this process", name=fullname)
