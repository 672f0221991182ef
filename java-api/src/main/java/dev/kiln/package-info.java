/** Tensors, shapes, element types, devices and memory scopes. */
package dev.kiln;
