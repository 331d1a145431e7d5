"""Stores: models kept in databases."""
