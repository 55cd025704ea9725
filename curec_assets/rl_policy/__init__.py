"""rl policy stage."""
