"""The installed commands, as a user types them."""
