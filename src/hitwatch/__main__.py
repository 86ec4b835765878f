"""``python -m hitwatch``."""

from hitwatch.cli import main

main()
