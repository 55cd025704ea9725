"""The command line: ``curec``."""
