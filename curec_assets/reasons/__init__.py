"""reasons stage."""
