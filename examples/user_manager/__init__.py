"""Users and their permissions in a database, created, read, updated, deleted and listed over SOAP and JSON at one address.

python -m examples.user_manager
python -m examples.user_manager --models declarative --database postgresql+psycopg://me@localhost/users
"""
