"""Wiring only: chains of window assets as Dagster definitions."""
