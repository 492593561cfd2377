"""What may be done in an area, behind `.`: one module per noun."""
