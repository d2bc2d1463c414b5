"""One file for each thing one sees."""
