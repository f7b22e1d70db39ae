"""Tests of `core.agents`: service files of 2015 and 2016 are told apart, read as they were read, and translated."""
