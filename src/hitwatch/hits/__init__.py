"""What lines say: formats as data, and log lines as columns."""
