/** Adapting trained models to new tasks: published weights, layer groups, unfreezing, features. */
package dev.kiln.transfer;
