"""The lake: publishing, as-of reads, catalogue."""
