"""The command ``spyne``: one file a command, one row a command in the table of its group."""
