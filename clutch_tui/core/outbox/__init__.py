"""The news of this terminal for the server: changes, in which order, over which transport, and as it shows them."""
