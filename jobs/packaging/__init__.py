"""The package of a trained model: what it says of itself, its encoder, its scorer."""
