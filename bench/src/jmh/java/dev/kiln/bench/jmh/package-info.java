/** JMH benchmarks of single operations: {@code bench/micro}. */
package dev.kiln.bench.jmh;
