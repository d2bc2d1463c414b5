"""The screens. They read core types and net.connection, and write only through `store.run`."""
