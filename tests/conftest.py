"""Settings of all tests: a zone with daylight saving, and patient hypothesis."""

from __future__ import annotations

import os
import time

from hypothesis import HealthCheck, settings

# A program that leans on the local zone anywhere shows it here.
os.environ["TZ"] = "EST5EDT,M3.2.0,M11.1.0"
time.tzset()

settings.register_profile(
    "hitwatch",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# What is too long for each change: pytest --hypothesis-profile thorough tests/sources
settings.register_profile("thorough", settings.get_profile("hitwatch"), max_examples=10_000)
settings.load_profile("hitwatch")
