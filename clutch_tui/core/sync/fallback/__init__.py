"""The rules for a server without the sync calls: lists down, single writes up."""
