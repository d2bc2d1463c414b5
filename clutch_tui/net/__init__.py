"""The backend as seen from here: async; no terminal, no tables, no sentences."""
