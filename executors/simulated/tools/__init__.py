"""How each external tool behaves: one file per tool, named as its language in `core.tools`."""
