"""What draws: rows in, cells out. The pure renderers here know neither Textual nor the store."""
