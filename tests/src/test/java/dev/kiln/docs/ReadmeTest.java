package dev.kiln.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java code compiles as it stands. */
class ReadmeTest {
  private static final Pattern LISTING = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern CLASS = Pattern.compile("public class (\\w+)");

  @TempDir Path classes;

  private static Path readme() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.exists(folder.resolve("kiln"))) {
      folder = folder.getParent();
    }
    assertThat(folder).as("the folder that holds the kiln launcher").isNotNull();
    return folder.resolve("README.md");
  }

  @Test
  void everyListingCompiles() throws IOException {
    Matcher m = LISTING.matcher(Files.readString(readme()));
    List<JavaFileObject> listings = new ArrayList<>();
    while (m.find()) {
      listings.add(source(m.group(1)));
    }
    assertThat(listings).hasSizeGreaterThanOrEqualTo(2);

    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-d",
            classes.toString(),
            "-proc:none",
            "-classpath",
            System.getProperty("java.class.path"));
    boolean compiled = compiler.getTask(null, null, problems, options, null, listings).call();
    assertThat(compiled)
        .as(
            () ->
                String.join(
                    "\n",
                    problems.getDiagnostics().stream()
                        .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
                        .map(Object::toString)
                        .toList()))
        .isTrue();
  }

  private static JavaFileObject source(String code) {
    Matcher name = CLASS.matcher(code);
    assertThat(name.find()).as("a public class in\n%s", code).isTrue();
    URI uri = URI.create("string:///" + name.group(1) + ".java");
    return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return code;
      }
    };
  }
}
