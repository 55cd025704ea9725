"""A chain as one page to look around in: data from the lake, and a template."""
