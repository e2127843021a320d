"""What the shop allows: pure functions from facts to decisions, each naming the document it follows."""
