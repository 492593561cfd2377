"""Dataset versions: read in, profiled, compared, validated."""
