"""What many lines say: small statistics that can be merged, in memory that does not grow."""
