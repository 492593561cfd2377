"""The nine areas and the overlays above them."""
