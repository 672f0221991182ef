/** Reverse-mode automatic differentiation: the graph, the walker and gradient mode. */
package dev.kiln.autograd;
