"""Tests of `core.config`, with drivers of their own: the service file is understood without knowing a real one."""
