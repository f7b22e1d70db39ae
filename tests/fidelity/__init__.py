"""The same argv on the real tool and on its simulated twin."""
