"""The waiting room: the draw, turns and passes, and who may book."""
