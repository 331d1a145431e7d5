"""Small services, each run by a test and shown in the documentation."""
