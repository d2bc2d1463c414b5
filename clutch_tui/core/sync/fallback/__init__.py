"""The rules of the fallback, for a server without the sync calls: lists down, single writes up."""
