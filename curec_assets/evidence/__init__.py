"""What behaviour says of items and users, as facts and as text."""
