"""Other frameworks' logging interfaces on top of the SDK; each module needs its framework, and only it."""
