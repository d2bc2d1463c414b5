"""How fast the program was: figures noted while people work, kept small, beside their budgets."""
