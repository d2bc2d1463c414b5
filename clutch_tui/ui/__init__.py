"""The screens. They read core types and net.monitor, and write only through `store.run`."""
