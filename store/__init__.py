"""What is true: the database, the spools, the segments and the objects. Knows neither jobs nor console."""
