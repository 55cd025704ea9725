"""reward model stage."""
