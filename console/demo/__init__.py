"""`lineside demo`: the whole loop on real data, told by a process that only asks, like any person."""
