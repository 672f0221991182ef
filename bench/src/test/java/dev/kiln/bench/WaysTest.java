package dev.kiln.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.backend.Backend;
import dev.kiln.backend.View;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WaysTest {
  private static final Offset<Double> CLOSE = Offset.offset(1e-4);

  private final Setting setting = new Setting(Device.of("cpu"), Precision.FP32);
  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open("ways");
    Generator.manualSeed(1);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private double[] read(View v) {
    Backend backend = setting.device().backend();
    View wide = View.dense(backend.alloc(DType.FLOAT64, v.numel()), 0, Shape.of(v.numel()));
    backend.copy(wide, v.reshape(wide.shape()));
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(v.numel() * Double.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    backend.download(bytes, wide);
    backend.free(wide.storage());
    double[] values = new double[Math.toIntExact(v.numel())];
    bytes.rewind().asDoubleBuffer().get(values);
    return values;
  }

  @Test
  void aConvolutionIsTheProductInAllDirections() {
    for (Ways.Direction direction : Ways.Direction.values()) {
      Ways.Pointwise work = new Ways.Pointwise(setting, 3, 5, 4, 6);
      work.conv(direction).run();
      double[] conv = read(work.result(direction));
      setting.device().backend().fill(work.result(direction), 77);
      work.product(direction).run();
      assertThat(read(work.result(direction))).as("%s", direction).containsExactly(conv, CLOSE);
    }
  }

  @Test
  void aTurnedProductIsTheProduct() {
    for (boolean row : new boolean[] {false, true}) {
      Ways.Vector work = new Ways.Vector(setting, 9, row);
      work.product().run();
      double[] product = read(work.out());
      setting.device().backend().fill(work.out(), 77);
      work.turned().run();
      assertThat(read(work.out())).containsExactly(product, CLOSE);
    }
  }

  @Test
  void theReportMarksTheFastestWay(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("stages.tsv"), "ways\tpassed\t1.5\n");
    Files.writeString(
        folder.resolve("ways.json"),
        """
        {"results": [
          {"work": "ways.vector.row512.product", "precision": "float32", "mode": "eager", "median_ms": 0.5},
          {"work": "ways.vector.row512.turned", "precision": "float32", "mode": "eager", "median_ms": 0.25},
          {"work": "ways.vector.row512.read", "precision": "float32", "mode": "eager", "error": "no"}]}
        """);
    Report.main(new String[] {folder.toString()});
    assertThat(Files.readString(folder.resolve("result.txt")))
        .containsPattern("ways\\.vector\\.row512 float32 .*product +0\\.5000 .*turned +0\\.2500\\*")
        .contains("read failed");
    assertThat(JsonParser.parseString(Files.readString(folder.resolve("result.json"))))
        .satisfies(all -> assertThat(all.getAsJsonObject().has("ways")).isTrue());
  }
}
