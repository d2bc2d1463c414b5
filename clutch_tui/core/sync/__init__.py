"""What the server tells, in the database: results, rows, epochs, conflicts; and the queue as a person sees it."""
