"""What a parts shop does: plain synchronous functions over SQLite. No terminal, no network, no sentences."""
