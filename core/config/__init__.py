"""The service file: its text, its references and arithmetic, its keywords, and the resources it declares."""
