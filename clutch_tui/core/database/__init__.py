"""How the shop's file is kept: the doors to it, its tables, its key, its health."""
