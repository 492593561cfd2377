"""What `lineside doctor` looks at in the files and the rows of a home. Nothing here changes anything."""
