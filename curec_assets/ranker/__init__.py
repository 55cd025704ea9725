"""ranker stage."""
