"""Whatever is fed to what reads words of people: targets for a coverage-guided fuzzer, and what it has found."""
