"""hitwatch: follows HTTP access logs, says what happens, raises and clears alerts."""

__version__ = "0.1.0"
