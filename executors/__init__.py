"""The world: the nodes that commands run on, real and simulated, and the layers around them."""
