package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvDatasetTest {
  private static final String IRIS =
      "length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n4.9,3,setosa\n";

  @TempDir Path folder;

  private CsvDataset.Builder csv(String text) throws IOException {
    return CsvDataset.builder(Files.writeString(folder.resolve("t.csv"), text));
  }

  @Test
  void readsFeaturesAndSortedClasses() throws IOException {
    CsvDataset d = csv(IRIS).label("species").build();
    assertThat(d.size()).isEqualTo(4);
    assertThat(d.featureNames()).containsExactly("length", "width");
    assertThat(d.classNames()).contains(List.of("setosa", "versicolor", "virginica"));
    assertThat(d.fields())
        .containsExactly(
            new Field("input", DType.FLOAT32, Shape.of(2)),
            new Field("label", DType.INT64, Shape.of()));
    assertThat(DataTests.floats(DataTests.example(d, 2)[0])).containsExactly(6.3f, 3.3f);
    assertThat(DataTests.label(d, 2)).isEqualTo(2);
    assertThat(DataTests.label(d, 3)).isZero();
  }

  @Test
  void sortsWholeNumbersAsNumbers() throws IOException {
    CsvDataset d = csv("1.5,10\n2.5,9\n3.5,2\n").noHeader().label(-1).build();
    assertThat(d.classNames()).contains(List.of("2", "9", "10"));
    assertThat(d.featureNames()).containsExactly("column 0");
    assertThat(DataTests.label(d, 0)).isEqualTo(2);
  }

  @Test
  void readsTargetsOtherSeparatorsQuotesAndByteOrderMarks() throws IOException {
    CsvDataset d =
        csv("\uFEFFx;\"a;b\";y\r\n\"1\"; 2 ;-3e-1\r\n").separator(';').target("y", "x").build();
    assertThat(d.featureNames()).containsExactly("a;b");
    assertThat(DataTests.floats(DataTests.example(d, 0)[0])).containsExactly(2f);
    assertThat(DataTests.floats(DataTests.example(d, 0)[1])).containsExactly(-0.3f, 1f);
  }

  @Test
  void choosesFeaturesAndDoesWithoutAnswers() throws IOException {
    CsvDataset d = csv(IRIS).features("width").build();
    assertThat(d.fields()).containsExactly(new Field("input", DType.FLOAT32, Shape.of(1)));
    assertThat(DataTests.floats(DataTests.example(d, 1)[0])).containsExactly(3.2f);
  }

  @Test
  void computesMeansAndDeviations() throws IOException {
    CsvDataset d = csv("a,b\n1,10\n3,20\n5,60\n").build();
    assertThat(d.means()).containsExactly(3f, 30f);
    // sqrt(((1-3)^2 + 0 + (5-3)^2) / 3) = sqrt(8/3); sqrt((400 + 100 + 900) / 3)
    assertThat(d.stds()[0]).isEqualTo(1.6329932f, within(1e-6f));
    assertThat(d.stds()[1]).isEqualTo(21.602469f, within(1e-5f));
    Dataset n = d.normalize(d.means(), d.stds());
    assertThat(DataTests.floats(DataTests.example(n, 2)[0])[0])
        .isEqualTo(1.2247449f, within(1e-6f));
  }

  @Test
  void treatsMissingValuesAsAsked() throws IOException {
    String text = "a,b\n1,2\n,4\nNA,?\n5,NaN\n";
    assertThat(DataTests.failure(() -> csv(text).build()))
        .hasMessageContaining("line 3: column a is missing")
        .hasMessageContaining("missingAsMean()");
    CsvDataset mean = csv(text).missingAsMean().build();
    assertThat(DataTests.floats(DataTests.example(mean, 2)[0])).containsExactly(3f, 3f);
    CsvDataset filled = csv(text).missingAs(-1f, 7f).build();
    assertThat(DataTests.floats(DataTests.example(filled, 3)[0])).containsExactly(5f, 7f);
    assertThat(DataTests.failure(() -> csv(text).missingAs(1f).build()))
        .hasMessageContaining("1 fill values for 2 features");
    assertThat(DataTests.failure(() -> csv("a,b\n1,\n2,\n").missingAsMean().build()))
        .hasMessageContaining("column b has no values");
    assertThat(DataTests.failure(() -> csv("a,b\n1,\n").label("b").build()))
        .hasMessageContaining("line 2: the label is missing");
    assertThat(DataTests.failure(() -> csv("a,b\n1,\n").target("b").missingAsMean().build()))
        .hasMessageContaining("line 2: target b is missing");
  }

  @Test
  void keepsTheClassesOfAnotherSet() throws IOException {
    List<String> classes = List.of("virginica", "setosa", "versicolor");
    CsvDataset d = csv(IRIS).label("species").classes(classes).build();
    assertThat(d.classNames()).contains(classes);
    assertThat(DataTests.label(d, 0)).isEqualTo(1);
    assertThat(
            DataTests.failure(() -> csv(IRIS).label("species").classes(List.of("setosa")).build()))
        .hasMessageContaining("line 3: label 'versicolor' is none of the classes");
  }

  @Test
  void namesLineAndColumnOfBadValues() throws IOException {
    assertThat(DataTests.failure(() -> csv(IRIS).build()))
        .hasMessageContaining("line 2: column species holds 'setosa'");
    for (String bad : List.of("1f", "0x10", "1e99", "Infinity", "1,5", "1d", "--1", "x")) {
      assertThat(DataTests.failure(() -> csv("a\n1\n\"" + bad + "\"\n").build()))
          .hasMessageContaining("line 3: column a holds '" + bad + "'");
    }
    assertThat(DataTests.failure(() -> csv("a,b\n1,2\n\n3\n").build()))
        .hasMessageContaining("line 4: 1 values, expected 2");
    // A quoted value with a line break makes the next record start two lines on.
    assertThat(DataTests.failure(() -> csv("a,b\n1,\"x\ny\"\n2,z,3\n").label("b").build()))
        .hasMessageContaining("line 4: 3 values");
  }

  @Test
  void explainsColumnsThatDoNotExist() throws IOException {
    assertThat(DataTests.failure(() -> csv(IRIS).label("Species").build()))
        .hasMessageContaining("no column is called 'Species'")
        .hasMessageContaining("[length, width, species]");
    assertThat(DataTests.failure(() -> csv(IRIS).label(3).build()))
        .hasMessageContaining("column 3 does not exist");
    assertThat(DataTests.failure(() -> csv("a,a\n1,2\n").label("a").build()))
        .hasMessageContaining("both called 'a'");
    assertThat(DataTests.failure(() -> csv(IRIS).label(-1).target("width").build()))
        .hasMessageContaining("both a label and targets");
    assertThat(DataTests.failure(() -> csv(IRIS).label(-1).features("species").build()))
        .hasMessageContaining("both a feature and the label");
  }

  @Test
  void refusesEmptyAndAbsentFiles() throws IOException {
    assertThat(DataTests.failure(() -> csv("").build())).hasMessageContaining("empty");
    assertThat(DataTests.failure(() -> csv("a,b\n").build())).hasMessageContaining("no lines");
    Path none = folder.resolve("none.csv");
    assertThat(DataTests.failure(() -> CsvDataset.builder(none).build()))
        .hasMessageContaining("no such file");
    assertThat(DataTests.failure(() -> CsvDataset.builder(folder).build()))
        .hasMessageContaining(folder.toString());
  }

  @Test
  void survivesDamage() throws IOException {
    Path f = folder.resolve("damaged.csv");
    byte[] whole = (IRIS + "\"6,1\",\"2\"\"\",x\n").getBytes(StandardCharsets.UTF_8);
    DataTests.damageIsReadOrRefused(
        f, whole, 700, p -> CsvDataset.builder(p).label("species").missingAsMean().build());
    DataTests.damageIsReadOrRefused(
        f, whole, 700, p -> CsvDataset.builder(p).noHeader().label(0).build());
  }

  @Test
  void refusesAnOverlongField() throws IOException {
    String text = "a\n\"" + "x".repeat(20_000_000) + "\n";
    assertThat(DataTests.failure(() -> csv(text).build())).hasMessageContaining("[csv]");
  }
}
