"""How a job comes to run, on which GPUs, under which shim, and how its end is known."""
