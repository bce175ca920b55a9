"""The pages: of a campaign and of one injection."""
