"""One call of the backend: who asks, by which way out, how often, and what its failure means."""
