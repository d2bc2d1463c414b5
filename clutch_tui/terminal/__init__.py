"""The terminal itself: what it can draw, how keys come from it, and the fewest bytes that change its screen."""
