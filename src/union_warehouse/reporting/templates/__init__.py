"""Templates for the departments' monthly submissions, written from the contracts and the current release."""

from union_warehouse.reporting.templates.write import write_template, write_templates

__all__ = ["write_template", "write_templates"]
