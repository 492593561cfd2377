"""Laws take the time they take: a busy box breaks none. HYPOTHESIS_PROFILE=thorough tries many more cases."""

import os

from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
