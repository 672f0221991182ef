/** Optimizers, gradient clipping and learning rate schedules, with PyTorch's formulas. */
package dev.kiln.optim;
