"""The modes: which source, which clock and which screen the one loop runs with."""
