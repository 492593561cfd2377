"""What is drawn around every area, and in an empty one."""
