"""What the SQL area knows of queries: their words, the ones that are kept, files of answers."""
