"""Measurements that anyone can run again; development only, no part of the installed packages."""
