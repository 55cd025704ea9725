"""What came out of a chain as a report, in Markdown and HTML, read from the lake alone."""
