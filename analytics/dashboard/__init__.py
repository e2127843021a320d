"""The dashboard: live figures, alerts, and from each number to the masked conversations behind it."""
