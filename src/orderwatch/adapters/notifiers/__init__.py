"""Roads to people and machines: one module for each kind of channel, behind the port `Road`."""
