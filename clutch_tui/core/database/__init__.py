"""The shop's file and the connection to it: statements, key, damage, and who else has it open."""
