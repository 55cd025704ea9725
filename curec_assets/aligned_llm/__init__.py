"""aligned llm stage."""
