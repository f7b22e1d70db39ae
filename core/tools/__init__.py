"""How to speak to each external tool: commands out, answers parsed. Drivers speak only through these."""
