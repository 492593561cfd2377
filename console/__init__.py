"""What a person sees: command line and terminal console. Reads the store; asks through jobs.commands."""
