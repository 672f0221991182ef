package dev.kiln.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A test whose one parameter is a {@link dev.kiln.Device}: it runs on every computing device that
 * is present. With {@code KILN_REQUIRE=cuda} it fails where there is no GPU, instead of leaving it
 * out.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@ArgumentsSource(EachDevice.class)
public @interface OnEachDevice {}
