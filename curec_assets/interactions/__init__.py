"""Sources of interactions and items, their cleaning, groups and sampled negatives."""
