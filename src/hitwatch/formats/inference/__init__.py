"""Formats inferred from lines of no known one."""
