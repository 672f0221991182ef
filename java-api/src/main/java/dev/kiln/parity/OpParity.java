package dev.kiln.parity;

/**
 * How one op has agreed.
 *
 * @param op its name, such as {@code unary RELU}
 * @param calls how often it was compared
 * @param worst the largest difference, as a part of what is allowed
 */
public record OpParity(String op, long calls, double worst) {}
