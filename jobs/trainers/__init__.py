"""Built-in trainers: scripts like any user's, run under the shim, talking through the SDK alone."""
