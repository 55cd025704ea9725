"""The documentation, and in ``docs.tooling`` what generates its reference pages and checks all of it."""
