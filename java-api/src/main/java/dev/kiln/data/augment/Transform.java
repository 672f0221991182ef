package dev.kiln.data.augment;

/** A step of a pipeline: where pixels are read, or what becomes of them. */
sealed interface Transform permits Geometry, PixelChange {}
