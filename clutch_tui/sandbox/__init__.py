"""Our own Clutch backend, whole, for demos, tests and the simulation."""
