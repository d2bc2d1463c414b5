"""The way to a server without the sync calls: lists down, single writes up."""
