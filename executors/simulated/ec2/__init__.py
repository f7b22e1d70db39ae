"""The cloud of a simulated node: volumes, addresses and the instance, with the rules that EC2 holds."""
