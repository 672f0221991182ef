package dev.kiln.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Sampling;
import dev.kiln.backend.Sampling.Filter;
import dev.kiln.backend.Sampling.Padding;
import dev.kiln.testing.OnEachDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Sampling at affine maps against libtorch's grid_sample, a plain loop, and exact maps. */
class AffineSampleTest {
  private static final Sampling BILINEAR = new Sampling(Filter.BILINEAR, Padding.CONSTANT);
  private static final List<String> SUITES =
      List.of(
          "conformance-wide/cases/grid_sample.json",
          "conformance/cases/grid_sample_bilinear_zeros.json");

  private static Tensor sample(
      Tensor x, float[] theta, int h, int w, Sampling sampling, DType type, float... fill) {
    long n = x.size(0);
    Tensor out = Tensor.empty(Shape.of(n, x.size(1), h, w), type, x.device());
    Tensor maps = Tensor.of(theta, Shape.of(n, 2, 3), x.device());
    Optional<Tensor> outside =
        fill.length == 0 ? Optional.empty() : Optional.of(Tensor.of(fill, x.device()));
    x.device()
        .backend()
        .fused()
        .affineSample(out.view(), x.view(), maps.view(), outside.map(Tensor::view), sampling);
    return out;
  }

  private static float[] data(JsonElement tensor) {
    JsonArray data = tensor.getAsJsonObject().getAsJsonArray("data");
    float[] v = new float[data.size()];
    for (int i = 0; i < v.length; i++) {
      v[i] = data.get(i).getAsFloat();
    }
    return v;
  }

  private static int dim(JsonElement tensor, int axis) {
    return tensor.getAsJsonObject().getAsJsonArray("shape").get(axis).getAsInt();
  }

  /** Each point of a grid is a map of its own, to one pixel. */
  @OnEachDevice
  void agreesWithLibtorchsGridSample(Device device) throws IOException {
    int cases = 0;
    for (String suite : SUITES) {
      JsonObject root =
          JsonParser.parseString(Files.readString(Path.of("src/test/resources", suite)))
              .getAsJsonObject();
      JsonArray all = root.has("cases") ? root.getAsJsonArray("cases") : new JsonArray();
      if (!root.has("cases")) {
        all.add(root);
      }
      for (JsonElement e : all) {
        cases += check(e.getAsJsonObject(), device);
      }
    }
    assertThat(cases).as("cases that apply").isGreaterThanOrEqualTo(8);
  }

  private static int check(JsonObject test, Device device) {
    JsonObject attrs = test.getAsJsonObject("attrs");
    String mode = attrs.has("mode") ? attrs.get("mode").getAsString() : "bilinear";
    String outside = attrs.has("padding_mode") ? attrs.get("padding_mode").getAsString() : "zeros";
    JsonObject inputs = test.getAsJsonObject("inputs");
    JsonElement x = inputs.get("x");
    JsonElement grid = inputs.get("grid");
    boolean corners = attrs.has("align_corners") && attrs.get("align_corners").getAsBoolean();
    boolean applies =
        !corners
            && !mode.equals("bicubic")
            && x != null
            && x.getAsJsonObject().getAsJsonArray("shape").size() == 4
            && x.getAsJsonObject().get("dtype").getAsString().equals("float32");
    if (!applies) {
      return 0;
    }
    int n = dim(x, 0);
    int c = dim(x, 1);
    int h = dim(x, 2);
    int w = dim(x, 3);
    int points = dim(grid, 1) * dim(grid, 2);
    float[] images = data(x);
    float[] at = data(grid);
    float[] many = new float[n * points * c * h * w];
    float[] theta = new float[n * points * 6];
    for (int i = 0; i < n * points; i++) {
      System.arraycopy(images, i / points * c * h * w, many, i * c * h * w, c * h * w);
      theta[6 * i + 2] = (at[2 * i] + 1) * w / 2;
      theta[6 * i + 5] = (at[2 * i + 1] + 1) * h / 2;
    }
    Filter filter = mode.equals("nearest") ? Filter.NEAREST : Filter.BILINEAR;
    Padding padding =
        outside.equals("zeros")
            ? Padding.CONSTANT
            : outside.equals("border") ? Padding.BORDER : Padding.REFLECTION;
    Tensor copies = Tensor.of(many, Shape.of((long) n * points, c, h, w), device);
    float[] y =
        sample(copies, theta, 1, 1, new Sampling(filter, padding), DType.FLOAT32).toFloatArray();
    float[] want = data(test.getAsJsonObject("outputs").get("y"));
    for (int i = 0; i < n * points; i++) {
      for (int k = 0; k < c; k++) {
        float expected = want[(i / points * c + k) * points + i % points];
        assertThat(y[i * c + k])
            .as("%s, point %d, channel %d", test.get("name"), i, k)
            .isCloseTo(expected, within(2e-5f * Math.max(1, Math.abs(expected))));
      }
    }
    return 1;
  }

  @OnEachDevice
  void exactMapsMovePixelsExactly(Device device) {
    for (int size : new int[] {1, 2, 7, 28, 33}) {
      Tensor x = Images.random(device, size, 2, 3, size, size);
      float[] v = Images.scaled(x);
      Size s = new Size(size, size);
      Affine quarter = Affine.turn(90).about(s);
      for (Filter filter : Filter.values()) {
        for (Padding padding : Padding.values()) {
          Sampling sampling = new Sampling(filter, padding);
          assertThat(run(x, Affine.IDENTITY, s, sampling)).containsExactly(v);
          Affine mirror = Affine.mirrorColumns(s);
          Affine both = mirror.after(mirror);
          assertThat(run(x, both, s, sampling)).containsExactly(v);
          float[] turned = run(x, quarter, s, sampling);
          float[] flipped = run(x, mirror, s, sampling);
          float[] upside = run(x, Affine.mirrorRows(s), s, sampling);
          for (int p = 0; p < v.length; p++) {
            int plane = p / (size * size) * size * size;
            int i = p % (size * size) / size;
            int j = p % size;
            // Counter-clockwise: what was at the right is at the top.
            assertThat(turned[p]).isEqualTo(v[plane + j * size + size - 1 - i]);
            assertThat(flipped[p]).isEqualTo(v[plane + i * size + size - 1 - j]);
            assertThat(upside[p]).isEqualTo(v[plane + (size - 1 - i) * size + j]);
          }
          Affine full = quarter.after(quarter).after(quarter).after(quarter);
          assertThat(run(x, full, s, sampling)).containsExactly(v);
          assertThat(run(x, Affine.turn(360).about(s), s, sampling)).containsExactly(v);
        }
      }
    }
  }

  private static float[] theta(Affine m, int n) {
    float[] theta = new float[6 * n];
    for (int i = 0; i < n; i++) {
      double[] six = {m.a(), m.b(), m.c(), m.d(), m.e(), m.f()};
      for (int k = 0; k < 6; k++) {
        theta[6 * i + k] = (float) six[k];
      }
    }
    return theta;
  }

  private static float[] run(Tensor x, Affine map, Size out, Sampling sampling) {
    float[] theta = theta(map, (int) x.size(0));
    return sample(x, theta, out.h(), out.w(), sampling, DType.FLOAT32).toFloatArray();
  }

  /** Against the definition, in a plain loop. */
  @OnEachDevice
  void anyMapAnySizeAnyType(Device device) {
    SplittableRandom random = new SplittableRandom(5);
    int[][] sizes = {{1, 1, 1, 1, 1}, {3, 5, 7, 6, 9}, {1, 31, 33, 32, 32}, {4, 8, 8, 17, 3}};
    for (int[] s : sizes) {
      int n = 3;
      int h = s[1];
      int w = s[2];
      Tensor x = Images.random(device, 9, n, s[0], h, w);
      float[] v = Images.scaled(x);
      float[] theta = new float[6 * n];
      for (int i = 0; i < theta.length; i++) {
        theta[i] = (float) random.nextDouble(-1.5, 1.5) * (i % 3 == 2 ? Math.max(h, w) : 1);
      }
      float[] fill = new float[s[0]];
      for (int c = 0; c < fill.length; c++) {
        fill[c] = 0.1f * (c + 1);
      }
      float[] want = loop(v, theta, fill, n, s[0], h, w, s[3], s[4]);
      for (DType type : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.FLOAT64)) {
        float tolerance = type == DType.BFLOAT16 ? 4e-3f : type == DType.FLOAT16 ? 6e-4f : 2e-5f;
        for (DType from : List.of(DType.UINT8, DType.FLOAT32)) {
          Tensor in = from == DType.UINT8 ? x : Tensor.of(v, x.shape(), device);
          Tensor y = sample(in, theta, s[3], s[4], BILINEAR, type, fill);
          float[] got = y.to(DType.FLOAT32).toFloatArray();
          for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).as("%s to %s", from, type).isCloseTo(want[i], within(tolerance));
          }
        }
      }
    }
    Tensor none = Tensor.zeros(Shape.of(0, 3, 4, 4), DType.UINT8, device);
    assertThat(sample(none, new float[0], 2, 2, BILINEAR, DType.FLOAT32).numel()).isZero();
  }

  private static float[] loop(
      float[] v, float[] t, float[] fill, int n, int c, int h, int w, int oh, int ow) {
    float[] y = new float[n * c * oh * ow];
    for (int p = 0; p < y.length; p++) {
      int image = p / (c * oh * ow);
      int channel = p / (oh * ow) % c;
      double i = p / ow % oh + 0.5;
      double j = p % ow + 0.5;
      int k = 6 * image;
      double px = t[k] * j + t[k + 1] * i + t[k + 2] - 0.5;
      double py = t[k + 3] * j + t[k + 4] * i + t[k + 5] - 0.5;
      double sum = 0;
      for (long a = (long) Math.floor(py); a <= Math.floor(py) + 1; a++) {
        for (long b = (long) Math.floor(px); b <= Math.floor(px) + 1; b++) {
          boolean in = a >= 0 && a < h && b >= 0 && b < w;
          int plane = (image * c + channel) * h * w;
          double value = in ? v[plane + (int) a * w + (int) b] : fill[channel];
          sum += (1 - Math.abs(py - a)) * (1 - Math.abs(px - b)) * value;
        }
      }
      y[p] = (float) sum;
    }
    return y;
  }
}
