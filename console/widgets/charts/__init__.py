"""Everything that is plotted: lines, bars, heat, gauges, and the axes under them."""
