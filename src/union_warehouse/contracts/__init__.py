"""Data contracts: what each form must look like, read from ODCS v3 YAML.

The contracts in ``expectations/contracts/`` are the single source for the reader's schema, the row checks, the Great
Expectations suites, the dbt sources and the data dictionary. Nothing else in the project names a form's fields.
"""

from union_warehouse.contracts.expected import expected_reports
from union_warehouse.contracts.federation import Federation, ReportingUnit, forms_owed
from union_warehouse.contracts.former_covers import known_template_versions
from union_warehouse.contracts.guidance import Guidance, guidance_of
from union_warehouse.contracts.layouts import Edition, Layout, layout_called, layouts_in_force, layouts_of
from union_warehouse.contracts.load import forms_as_read, forms_by_sheet, load_forms
from union_warehouse.contracts.model import (
    CONTRACT_VERSION,
    DateRole,
    Field,
    FieldType,
    Form,
    PersonalData,
    Reference,
    Severity,
    TableRule,
)

__all__ = [
    "CONTRACT_VERSION",
    "DateRole",
    "Edition",
    "Federation",
    "Field",
    "FieldType",
    "Form",
    "Guidance",
    "Layout",
    "PersonalData",
    "Reference",
    "ReportingUnit",
    "Severity",
    "TableRule",
    "expected_reports",
    "forms_as_read",
    "forms_by_sheet",
    "forms_owed",
    "guidance_of",
    "known_template_versions",
    "layout_called",
    "layouts_in_force",
    "layouts_of",
    "load_forms",
]
