"""Codecs: visitors over the schema that return plain functions between values and texts, trees or XML elements."""
