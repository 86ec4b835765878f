"""Hits as tables; the one door to Polars."""
