"""Providers' servers as far as our side of them goes: they verify what the provider verifies."""
