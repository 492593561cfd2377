"""What `lineside doctor` looks at in processes, and the order of all that it looks at."""
