"""What this terminal wants to tell the server: changes, in which order, over which transport, and as it shows them."""
