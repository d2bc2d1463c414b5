"""A shop's file as a whole: the two doors to it, its migrations, its health and its upkeep."""
