"""What a message means in the talk that it is said in."""
