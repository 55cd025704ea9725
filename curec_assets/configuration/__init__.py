"""Chains, data sets, profiles and windows, validated."""
