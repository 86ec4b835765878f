"""Where we are in a file: cutting bytes into lines, and what to do when a file changes."""
