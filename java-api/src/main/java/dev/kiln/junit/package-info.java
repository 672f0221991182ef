/** Help for tests that use Kiln, with JUnit 5. */
package dev.kiln.junit;
