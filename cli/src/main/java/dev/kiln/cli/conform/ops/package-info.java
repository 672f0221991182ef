/** How each op of a conformance case is called in Kiln, one file per family. */
package dev.kiln.cli.conform.ops;
