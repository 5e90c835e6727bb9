"""Rounds of secure aggregation, timed."""
