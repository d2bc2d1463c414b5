"""The speed of the program: figures noted while people work, kept small, beside their budgets."""
