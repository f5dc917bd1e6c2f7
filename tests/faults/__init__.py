"""Faults of the machine under a month's work: ``make faults``, and a few of them in the tests.

A process is killed, the power fails, the disk is full or read-only, the clock is wrong, at a random moment of collecting,
closing and publishing. Then it runs again: it ends in what an undisturbed run makes, or in a named error. What a reader
sees meanwhile is always a whole release.
"""
