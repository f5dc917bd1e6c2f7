"""Prepare an Airflow server once per start: ``python -m union_warehouse.orchestration.initialise`` (service ``init``)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from union_warehouse.files import write_json
from union_warehouse.orchestration.airflow_home import create_pools
from union_warehouse.paths import Home
from union_warehouse.personal_data import load_hash_key

_PASSWORDS_FILE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"


def main() -> None:
    """Migrate the metadata database, create the pools and write the password of ``admin``; safe to run again.

    The environment is that of docker-compose.yml.

    Raises:
        WeakHashKey: ``UW_HASH_KEY`` is too short; said here, before the first submission fails for it.
        KeyError: ``AIRFLOW_ADMIN_PASSWORD`` or the place of the passwords file is not set.
    """
    from airflow.utils.db import upgradedb

    load_hash_key(Home.from_environment())
    upgradedb()
    create_pools()
    write_passwords(os.environ)


def write_passwords(environment: Mapping[str, str]) -> None:
    """Write the passwords file of Airflow's simple auth manager, readable by its own user only.

    Other users' passwords, which Airflow makes up at its first start and writes there, stay.
    """
    path = Path(environment[_PASSWORDS_FILE])
    others = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    write_json(path, {**others, "admin": environment["AIRFLOW_ADMIN_PASSWORD"]}, is_durable=True, is_private=True)


if __name__ == "__main__":
    main()
