package dev.kiln.nn;

import static dev.kiln.testing.GradCheck.input;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.kiln.Device;
import dev.kiln.testing.GradCheck.Input;
import dev.kiln.testing.LayerCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gradient catalog of layers: every public module in {@code dev.kiln.nn} is a row. Rows are
 * named by the class, with a suffix after a space where a layer has several.
 */
class LayerGradientTest {
  record Row(String name, Supplier<Module> layer, Input x) {
    String layerName() {
      return name.split(" ")[0];
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(activations());
    rows.addAll(weighted());
    rows.addAll(normalisations());
    rows.addAll(shaping());
    rows.addAll(SequenceLayerRows.rows());
    rows.addAll(VisionLayerRows.rows());
    return rows.stream();
  }

  private static List<Row> activations() {
    Input x = input(1, 3, 7);
    return List.of(
        new Row("Sigmoid", Sigmoid::new, x),
        new Row("ReLU", ReLU::new, x),
        new Row("ReLU6", ReLU6::new, x),
        new Row("Tanh", Tanh::new, x),
        new Row("LeakyReLU", LeakyReLU::new, x),
        new Row("LeakyReLU steep", () -> new LeakyReLU(0.3), x),
        new Row("ELU", ELU::new, x),
        new Row("ELU half", () -> new ELU(0.5), x),
        new Row("CELU", () -> new CELU(0.7), x),
        new Row("SELU", SELU::new, x),
        new Row("GELU", GELU::new, x),
        new Row("GELU tanh", () -> new GELU(GELU.Approximate.TANH), x),
        new Row("SiLU", SiLU::new, x),
        new Row("Mish", Mish::new, x),
        new Row("Softplus", Softplus::new, x),
        new Row("Softplus sharp", () -> new Softplus(3, 2), x),
        new Row("Softsign", Softsign::new, x),
        new Row("Hardswish", Hardswish::new, x),
        new Row("Hardsigmoid", Hardsigmoid::new, x),
        new Row("Hardtanh", () -> new Hardtanh(-0.63, 0.77), x),
        new Row("LogSigmoid", LogSigmoid::new, x),
        new Row("Softmax", () -> new Softmax(-1), x),
        new Row("Softmax first axis", () -> new Softmax(0), x),
        new Row("LogSoftmax", () -> new LogSoftmax(1), x));
  }

  private static List<Row> weighted() {
    Input images = input(2, 2, 4, 6, 5);
    return List.of(
        new Row("Linear", () -> new Linear(5, 3), input(3, 4, 5)),
        new Row("Linear without bias", () -> new Linear(5, 3, false), input(4, 2, 3, 5)),
        new Row("Conv2d", () -> new Conv2d(4, 3, 3), images),
        new Row("Conv2d one image", () -> new Conv2d(4, 3, 3), input(5, 4, 5, 5)),
        new Row(
            "Conv2d strided",
            () -> Conv2d.builder(4, 6, 3, 2).stride(2, 1).padding(1, 2).bias(false).build(),
            images),
        new Row(
            "Conv2d grouped",
            () -> Conv2d.builder(4, 6, 3).dilation(2).padding(2).groups(2).build(),
            images),
        new Row(
            "Conv2d same, even kernel",
            () -> Conv2d.builder(4, 2, 2, 3).samePadding().build(),
            images));
  }

  private static List<Row> normalisations() {
    Input images = input(6, 3, 2, 3, 3);
    return List.of(
        new Row("BatchNorm1d", () -> new BatchNorm1d(4), input(7, 6, 4)),
        new Row("BatchNorm1d of sequences", () -> new BatchNorm1d(4), input(8, 2, 4, 5)),
        new Row("BatchNorm2d", () -> new BatchNorm2d(2), images),
        new Row(
            "BatchNorm2d cumulative",
            () -> BatchNorm2d.builder(2).cumulativeAverage().build(),
            images),
        new Row(
            "BatchNorm2d plain",
            () -> BatchNorm2d.builder(2).affine(false).trackRunningStats(false).build(),
            images),
        new Row("BatchNorm2d eval", () -> new BatchNorm2d(2).eval(), images),
        new Row("LayerNorm", () -> new LayerNorm(3, 3), images),
        new Row(
            "LayerNorm without bias",
            () -> LayerNorm.builder(3).eps(1e-3).bias(false).build(),
            images));
  }

  private static List<Row> shaping() {
    Input images = input(9, 2, 3, 5, 6);
    return List.of(
        new Row("MaxPool2d", () -> new MaxPool2d(2), images),
        new Row(
            "MaxPool2d overlapping",
            () -> MaxPool2d.builder(3, 2).stride(2).padding(1).ceilMode(true).build(),
            images),
        new Row("AvgPool2d", () -> new AvgPool2d(2), images),
        new Row(
            "AvgPool2d overlapping",
            () -> AvgPool2d.builder(3).stride(2).padding(1).countIncludePad(false).build(),
            images),
        new Row("AdaptiveAvgPool2d", () -> new AdaptiveAvgPool2d(2, 4), images),
        new Row("Flatten", Flatten::new, images),
        new Row("Identity", Identity::new, images),
        new Row("Dropout", () -> new Dropout(0.4), images),
        new Row("Dropout eval", () -> new Dropout(0.4).eval(), images),
        new Row("Lambda", () -> new Lambda(x -> x.square().mul(3)), images),
        new Row(
            "Sequential",
            () -> new Sequential(new Linear(6, 4), new Tanh(), new Linear(4, 2)),
            images),
        new Row(
            "Residual",
            () -> new Residual(new Linear(6, 4), new Linear(6, 4, false), new SiLU()),
            images));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void gradientsAgreeWithDifferences(Row row) {
    Device before = Device.defaultDevice();
    Device.setDefault(Device.of("scalar"));
    try {
      LayerCheck.check(row.name(), row.layer().get(), row.x());
    } finally {
      Device.setDefault(before);
    }
  }

  @Test
  void everyPublicModuleHasARow() {
    Set<String> layers =
        new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.kiln.nn")
                .stream()
                .filter(c -> c.isAssignableTo(Module.class))
                .filter(c -> c.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(c -> !c.getModifiers().contains(JavaModifier.ABSTRACT))
                .map(c -> c.getSimpleName())
                .collect(Collectors.toSet());
    assertThat(layers).hasSizeGreaterThan(25);
    assertThat(rows().map(Row::layerName).collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(layers);
  }
}
