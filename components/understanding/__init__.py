"""How a message is understood: what it holds, what it is about, what its words do."""
