"""Tests of union-warehouse, through its public doors."""
