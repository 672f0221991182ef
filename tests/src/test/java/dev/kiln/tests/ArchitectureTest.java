package dev.kiln.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The directions in which Kiln's modules and packages may depend on each other. */
class ArchitectureTest {
  private static final JavaClasses KILN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.kiln");

  private static final String[] BACKENDS = {"dev.kiln.cpu..", "dev.kiln.cuda.."};
  private static final String[] PROGRAMS = {
    "dev.kiln.cli..", "dev.kiln.bench..", "dev.kiln.tests.."
  };

  private static void check(ArchRule rule) {
    rule.check(KILN);
  }

  @Test
  void theApiNeverNamesABackend() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.kiln..")
            .and()
            .resideOutsideOfPackages(BACKENDS)
            .and()
            .resideOutsideOfPackages(PROGRAMS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(BACKENDS)
            .allowEmptyShould(true)
            .because("backends are found by ServiceLoader"));
  }
}
