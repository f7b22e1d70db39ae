"""Service files of the agents of the documentation, of 2015 and of 2016: told apart, read, translated."""
