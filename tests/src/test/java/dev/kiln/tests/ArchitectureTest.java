package dev.kiln.tests;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.SimpleConditionEvent.satisfied;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.USE_JAVA_UTIL_LOGGING;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.DoubleAccumulator;
import java.util.concurrent.atomic.DoubleAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The directions in which Kiln may depend on itself, and what its libraries never touch. */
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

  private static GivenClassesConjunction noApiClass() {
    return noClasses()
        .that()
        .resideOutsideOfPackages(BACKENDS)
        .and()
        .resideOutsideOfPackages(PROGRAMS);
  }

  private static GivenClassesConjunction noLibraryClass() {
    return noClasses().that().resideOutsideOfPackages(PROGRAMS);
  }

  @Test
  void theApiNeverNamesABackendOrAProgram() {
    check(
        noApiClass()
            .should()
            .dependOnClassesThat(resideInAnyPackage(BACKENDS).or(resideInAnyPackage(PROGRAMS)))
            .because("backends are found by ServiceLoader"));
  }

  @Test
  void librariesDoNotKnowThePrograms() {
    check(noLibraryClass().should().dependOnClassesThat().resideInAnyPackage(PROGRAMS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev.kiln.cpu", "dev.kiln.cuda"})
  void aBackendKnowsOnlyTheSpi(String backend) {
    DescribedPredicate<JavaClass> kiln = resideInAPackage("dev.kiln..");
    DescribedPredicate<JavaClass> spi =
        resideInAnyPackage(backend + "..", "dev.kiln.backend", "dev.kiln.random")
            .or(isOneOfTheSharedTypes());
    check(
        noClasses()
            .that()
            .resideInAPackage(backend + "..")
            .should()
            .dependOnClassesThat(kiln.and(not(spi)))
            .because("a backend sees views and storages, never tensors"));
  }

  private static DescribedPredicate<JavaClass> isOneOfTheSharedTypes() {
    return describe(
        "DType, Shape or a Kiln exception",
        c ->
            c.getPackageName().equals("dev.kiln")
                && (List.of("DType", "Shape").contains(outermost(c).getSimpleName())
                    || c.getSimpleName().endsWith("Exception")));
  }

  private static JavaClass outermost(JavaClass c) {
    return c.getEnclosingClass().map(ArchitectureTest::outermost).orElse(c);
  }

  @Test
  void theSpiKnowsNoTensors() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("dev.kiln.backend..", "dev.kiln.random..")
            .should()
            .dependOnClassesThat()
            .haveNameMatching("dev\\.kiln\\.(Tensor|Scope|StepGraph)(\\$.*)?"));
  }

  /** Package, then those above it, which it must not know. */
  @ParameterizedTest
  @CsvSource({
    "random,   autograd ops nn models optim data train io",
    "backend,  autograd ops nn models optim data train io",
    "autograd, nn models optim data train io",
    "ops,      nn models optim data train io",
    "nn,       models optim data train",
    "models,   optim data train",
    "optim,    models data train",
    "data,     models optim train",
    "io,       train",
    "train,    transfer",
  })
  void packagesDoNotKnowThoseAbove(String lower, String higher) {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.kiln." + lower + "..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(packages(higher)));
  }

  @Test
  void tensorsDoNotKnowWhatIsBuiltFromThem() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.kiln")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(packages("nn models optim data train io")));
  }

  private static String[] packages(String names) {
    return Arrays.stream(names.split(" ", -1))
        .map(name -> "dev.kiln." + name + "..")
        .toArray(String[]::new);
  }

  @Test
  void librariesDoNotPrint() {
    check(noLibraryClass().should(ACCESS_STANDARD_STREAMS).because("libraries log through slf4j"));
    check(noLibraryClass().should(USE_JAVA_UTIL_LOGGING));
    check(noLibraryClass().should().callMethod(Throwable.class, "printStackTrace"));
  }

  @Test
  void onlyTheCliEndsTheProcess() {
    String[] exits = {"exit", "halt"};
    for (String exit : exits) {
      check(
          noClasses()
              .that()
              .resideOutsideOfPackage("dev.kiln.cli..")
              .should()
              .callMethod(Runtime.class, exit, int.class));
    }
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.kiln.cli..")
            .should()
            .callMethod(System.class, "exit", int.class));
  }

  @Test
  void randomNumbersComeFromTheSeed() {
    check(
        noLibraryClass()
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(java.util.Random.class, ThreadLocalRandom.class)
            .orShould()
            .callMethod(Math.class, "random")
            .because("every draw is a Philox draw, keyed by the seed"));
  }

  @Test
  void sumsHaveAFixedOrder() {
    check(
        noLibraryClass()
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(DoubleAdder.class, DoubleAccumulator.class)
            .because("the same seed gives the same bits with any number of threads"));
  }

  @Test
  void vectorMathIsOurOwn() {
    Set<String> unstable =
        Set.of("EXP", "EXPM1", "LOG", "LOG1P", "LOG10", "POW", "TANH", "SIN", "COS", "TAN", "SINH");
    check(
        noLibraryClass()
            .should()
            .accessFieldWhere(
                describe(
                    "it is a transcendental vector operator",
                    access -> isOperator(access) && unstable.contains(access.getName())))
            .because("their last bits differ between the interpreter and the JIT compiler"));
  }

  @Test
  void lanesAreSummedInAFixedOrder() {
    check(
        noLibraryClass()
            .should(
                new ArchCondition<>("sum float lanes with reduceLanes") {
                  @Override
                  public void check(JavaClass owner, ConditionEvents events) {
                    for (JavaCodeUnit unit : owner.getCodeUnits()) {
                      boolean sums =
                          unit.getFieldAccesses().stream()
                              .anyMatch(a -> isOperator(a) && SUMS.contains(a.getName()));
                      unit.getMethodCallsFromSelf().stream()
                          .filter(call -> sums && isFloatReduction(call))
                          .forEach(call -> events.add(satisfied(call, call.getDescription())));
                    }
                  }
                })
            .because("its order differs between the interpreter and the JIT compiler"));
  }

  private static final Set<String> SUMS = Set.of("ADD", "MUL");

  private static boolean isOperator(JavaFieldAccess access) {
    return access.getTargetOwner().getName().equals("jdk.incubator.vector.VectorOperators");
  }

  private static boolean isFloatReduction(JavaMethodCall call) {
    return call.getName().equals("reduceLanes")
        && call.getTargetOwner().getName().matches("jdk.incubator.vector.(Float|Double)Vector");
  }
}
