"""What ``curec doctor`` checks: machine, packages, lake, data, Dagster instance. It makes and repairs nothing."""
