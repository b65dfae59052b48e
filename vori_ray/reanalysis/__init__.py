"""Archived meetings heard again in bulk: kept sound -> windows -> words -> a new transcript and suggestions."""
