"""Workbooks and CSVs changed at random, along the structure of their format: ``make fuzz``, and a hundred of them in the tests.

Whatever is done to a file, the process that collects it lives and comes to an end, and each row that is still in the file
lands or is told.
"""
