# See etree.pyi.
