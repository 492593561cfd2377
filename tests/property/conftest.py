"""Laws take the time they take: a busy box breaks none.

The gate tries the same cases each time, so that what was green stays green until somebody changes something;
HYPOTHESIS_PROFILE=thorough (`just prop`) tries many more, new ones each time.
"""

import os

from hypothesis import settings

settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
