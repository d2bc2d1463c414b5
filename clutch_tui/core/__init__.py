"""The work of a parts shop: plain synchronous functions over SQLite. No terminal, no network, no sentences."""
