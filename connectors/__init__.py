"""The shop's channels: each folder turns one provider's messages into Rasa's, and the answers back."""
