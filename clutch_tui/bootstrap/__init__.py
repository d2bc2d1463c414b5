"""Putting the program together and starting it: folders, settings, databases and credentials become one application."""
