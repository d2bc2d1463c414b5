"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# A busy machine is no bug, so no deadline; the same examples each time, so that a failure belongs to a change.
# HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
