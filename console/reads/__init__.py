"""What each area shows, as one read of the store: rows in, one frozen view out."""
