"""language model stage."""
