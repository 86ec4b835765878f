"""The read-model drawn: as text for people, as JSON lines for programs."""
