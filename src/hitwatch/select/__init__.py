"""Which hits count."""
