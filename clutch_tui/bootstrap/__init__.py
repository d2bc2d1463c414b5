"""How the program is put together and begins: folders, settings, databases and credentials become one application."""
