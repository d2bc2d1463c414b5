"""Paper: what is printed or saved, made from core types in the language of the shop."""
