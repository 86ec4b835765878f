"""Tests of the whole program, as users run it."""
