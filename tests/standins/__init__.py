"""Stand-ins for the providers: local servers that verify what the provider verifies and answer as it answers."""
