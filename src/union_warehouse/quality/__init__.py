"""Verdicts on rows, on arrival and at the close, and the audits that gate a release."""
