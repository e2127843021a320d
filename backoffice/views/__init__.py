"""What the API answers: the JSON shapes, and how rows become them."""
