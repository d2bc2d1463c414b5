"""Push and pull: the engine, what it says and understands, and the way without sync calls."""
