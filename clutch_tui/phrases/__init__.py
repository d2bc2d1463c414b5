"""The sentences that the screens and the commands both say, made of the shop's rows and figures."""
