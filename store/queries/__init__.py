"""One module per noun: the SQL, the row it returns and the functions that run it."""
