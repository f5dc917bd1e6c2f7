"""Workbooks and CSV exports: from bytes to typed rows that know their sheet, row and cell.

The layout of a form is data (its contract); the reader is one, with no branch per form or department.
"""
