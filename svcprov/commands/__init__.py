"""The actions of the command line, one module for each family."""
