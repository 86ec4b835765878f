"""Where lines come from: files, growing files, and standard input."""
