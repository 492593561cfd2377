"""What a person sees: the command line and the terminal console. Reads the store; asks through jobs.commands."""
