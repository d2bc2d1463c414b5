"""The settings and where the program keeps its files."""
