"""The server's word, in the database: results, rows, epochs, conflicts; and the queue as a person sees it."""
