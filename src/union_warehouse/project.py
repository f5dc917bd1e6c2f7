"""Where the files of the project are."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT_DIR = Path(os.environ.get("UW_PROJECT", Path(__file__).resolve().parents[2])).absolute()
EXPECTATIONS_DIR = PROJECT_DIR / "expectations"
CONTRACTS_DIR = EXPECTATIONS_DIR / "contracts"
DBT_PROJECT_DIR = PROJECT_DIR / "dbt_project"
FEDERATION_DIR = PROJECT_DIR / "federation"
DAGS_DIR = PROJECT_DIR / "dags"
