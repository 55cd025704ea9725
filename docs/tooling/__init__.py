"""``make docs`` writes the reference pages; ``make docs-check`` tells what in the documentation is no longer true."""
