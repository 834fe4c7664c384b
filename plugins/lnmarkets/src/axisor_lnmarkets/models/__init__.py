"""The venue's answers as typed values, one class for each shape that its interface has."""
