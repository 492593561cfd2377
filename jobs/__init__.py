"""What happens: the runner and all that it does. Knows the store, never the console."""
