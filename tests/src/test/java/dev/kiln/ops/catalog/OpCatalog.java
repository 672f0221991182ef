package dev.kiln.ops.catalog;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.kiln.ops.Elementwise;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The catalog of ops: at least one example of every public op of {@code dev.kiln.ops}, one file of
 * rows for each family. Gradients of first and second order are checked on it, and the page of ops
 * is made from it.
 */
public final class OpCatalog {
  /** Public methods that are no ops. */
  private static final Set<String> HELPERS = Set.of("Elementwise.constant");

  private OpCatalog() {}

  /** Returns all rows, family by family. */
  public static List<Row> rows() {
    return Stream.of(
            ElementwiseRows.rows(),
            TrigonometryRows.rows(),
            SpecialFunctionsRows.rows(),
            DivisionRows.rows(),
            BitwiseRows.rows(),
            PredicatesRows.rows(),
            CombinationsRows.rows(),
            ActivationsRows.rows(),
            SoftmaxRows.rows(),
            ReductionsRows.rows(),
            ScansRows.rows(),
            SortingRows.rows(),
            StatisticsRows.rows(),
            SearchingRows.rows(),
            CreationRows.rows(),
            SamplingRows.rows(),
            AxesRows.rows(),
            DiagonalsRows.rows(),
            PlacingRows.rows(),
            MatrixProductsRows.rows(),
            ShapingRows.rows(),
            RearrangingRows.rows(),
            IndexingRows.rows(),
            ProductsRows.rows(),
            EinsumRows.rows(),
            NormsRows.rows(),
            ConvolutionRows.rows(),
            PoolingRows.rows(),
            WindowRows.rows(),
            NormalizationRows.rows(),
            RandomOpsRows.rows(),
            AttentionRows.rows(),
            RecurrentRows.rows(),
            ResamplingRows.rows(),
            LossesRows.rows(),
            MarginLossesRows.rows(),
            LikelihoodLossesRows.rows(),
            EmbeddingsRows.rows())
        .flatMap(List::stream)
        .toList();
  }

  /** Returns the families: the public classes of the ops package that have public functions. */
  public static List<Class<?>> families() {
    return new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(Elementwise.class.getPackageName())
            .stream()
            .filter(c -> c.isTopLevelClass() && c.getModifiers().contains(JavaModifier.PUBLIC))
            .sorted(Comparator.comparing(JavaClass::getName))
            .<Class<?>>map(JavaClass::reflect)
            .filter(c -> !c.isEnum() && !ops(c).isEmpty())
            .toList();
  }

  /** Returns a family's ops. */
  public static List<Method> ops(Class<?> family) {
    return Arrays.stream(family.getDeclaredMethods())
        .filter(m -> Modifier.isPublic(m.getModifiers()) && Modifier.isStatic(m.getModifiers()))
        .filter(m -> !HELPERS.contains(name(m)))
        .sorted(Comparator.comparing(Method::getName).thenComparing(m -> m.toGenericString()))
        .toList();
  }

  /** Returns {@code Class.method}. */
  public static String name(Method op) {
    return op.getDeclaringClass().getSimpleName() + "." + op.getName();
  }

  /** Returns the names of all public ops. */
  public static Set<String> names() {
    Set<String> names = new TreeSet<>();
    families().forEach(f -> ops(f).forEach(op -> names.add(name(op))));
    return names;
  }
}
