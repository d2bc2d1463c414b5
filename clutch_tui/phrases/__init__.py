"""What the screens and the commands both say: sentences out of the shop's rows and figures."""
