"""Statuses of a quality issue (``fct_quality_issues``)."""

from __future__ import annotations

STANDING = ("open", "acknowledged", "reopened")
STATUSES = (*STANDING, "waived", "corrected")
