"""What a log format is, and how servers write theirs."""
