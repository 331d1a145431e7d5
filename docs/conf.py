"""Sphinx reads this: Markdown pages, no theme to install, a warning is an error (scripts/docs)."""

project = "Spyne"
copyright = "The Spyne contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "alabaster"
nitpicky = False
autodoc_typehints = "signature"
exclude_patterns = ["_build"]
