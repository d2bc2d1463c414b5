"""What goes to the server and what comes from it, in the database: the queue, the copy, their conflicts."""
