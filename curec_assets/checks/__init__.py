"""Checks of published partitions: what a person should look at, window by window. They gate nothing."""
