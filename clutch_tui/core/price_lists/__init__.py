"""Price lists of suppliers: read from any file, recognised, and brought into the stock."""
