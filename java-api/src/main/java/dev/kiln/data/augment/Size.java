package dev.kiln.data.augment;

/** Rows and columns of an image. */
record Size(int h, int w) {}
