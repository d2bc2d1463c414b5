"""Keys, passwords and tokens: where they are kept, what they open, and how they are kept out of sight."""
