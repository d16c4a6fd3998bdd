"""Windows of people on the disk: the shards that training and evaluation read, and the readers of real footage."""
