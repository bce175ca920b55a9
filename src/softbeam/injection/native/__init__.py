"""What the propagation and the judging of answers compute most: compiled, and no kernel's twin."""
