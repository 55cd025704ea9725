"""What ``curec doctor`` checks: machine, installation, lake and data. Nothing is downloaded, made or repaired."""
