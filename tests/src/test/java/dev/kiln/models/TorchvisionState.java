package dev.kiln.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Names and shapes of torchvision's state dicts, spelt out from the published structure of its
 * networks, and a writer of safetensors files of their own: nothing here is Kiln's.
 */
final class TorchvisionState {
  private static final String COUNT = "num_batches_tracked";

  /** Each tensor's shape by its name. */
  final Map<String, long[]> shapes = new LinkedHashMap<>();

  private void put(String name, long... shape) {
    shapes.put(name, shape);
  }

  private void conv(String name, long out, long in, long kernel) {
    put(name + ".weight", out, in, kernel, kernel);
  }

  private void norm(String name, long channels) {
    for (String part : List.of("weight", "bias", "running_mean", "running_var")) {
      put(name + "." + part, channels);
    }
    put(name + "." + COUNT);
  }

  private void linear(String name, long out, long in) {
    put(name + ".weight", out, in);
    put(name + ".bias", out);
  }

  /** {@code torchvision.models.resnet18}: four layers of two basic blocks. */
  static TorchvisionState resnet18() {
    TorchvisionState s = new TorchvisionState();
    s.conv("conv1", 64, 3, 7);
    s.norm("bn1", 64);
    long in = 64;
    for (int layer = 1; layer <= 4; layer++) {
      long out = 32L << layer;
      for (int block = 0; block < 2; block++) {
        String at = "layer" + layer + "." + block + ".";
        s.conv(at + "conv1", out, in, 3);
        s.norm(at + "bn1", out);
        s.conv(at + "conv2", out, out, 3);
        s.norm(at + "bn2", out);
        if (in != out) {
          s.conv(at + "downsample.0", out, in, 1);
          s.norm(at + "downsample.1", out);
        }
        in = out;
      }
    }
    s.linear("fc", 1000, 512);
    return s;
  }

  /** {@code torchvision.models.vgg11_bn}: configuration A, 0 for a pooling. */
  static TorchvisionState vgg11Bn() {
    TorchvisionState s = new TorchvisionState();
    int at = 0;
    long in = 3;
    for (long out : new long[] {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}) {
      if (out == 0) {
        at++;
        continue;
      }
      s.conv("features." + at, out, in, 3);
      s.put("features." + at + ".bias", out);
      s.norm("features." + (at + 1), out);
      at += 3; // the convolution, its norm, ReLU
      in = out;
    }
    s.linear("classifier.0", 4096, 512 * 7 * 7);
    s.linear("classifier.3", 4096, 4096);
    s.linear("classifier.6", 1000, 4096);
    return s;
  }

  /** {@code torchvision.models.mobilenet_v2}: expansion, channels and number of its blocks. */
  static TorchvisionState mobilenetV2() {
    TorchvisionState s = new TorchvisionState();
    s.conv("features.0.0", 32, 3, 3);
    s.norm("features.0.1", 32);
    long in = 32;
    int at = 1;
    int[][] settings = {
      {1, 16, 1}, {6, 24, 2}, {6, 32, 3}, {6, 64, 4}, {6, 96, 3}, {6, 160, 3}, {6, 320, 1}
    };
    for (int[] setting : settings) {
      for (int n = 0; n < setting[2]; n++) {
        s.inverted("features." + at++ + ".conv.", in, setting[1], setting[0]);
        in = setting[1];
      }
    }
    s.conv("features.18.0", 1280, 320, 1);
    s.norm("features.18.1", 1280);
    s.linear("classifier.1", 1000, 1280);
    return s;
  }

  private void inverted(String at, long in, long out, long expansion) {
    long hidden = in * expansion;
    int next = 0;
    if (expansion > 1) {
      conv(at + "0.0", hidden, in, 1);
      norm(at + "0.1", hidden);
      next = 1;
    }
    put(at + next + ".0.weight", hidden, 1, 3, 3);
    norm(at + next + ".1", hidden);
    conv(at + (next + 1), out, hidden, 1);
    norm(at + (next + 2), out);
  }

  static boolean counts(String name) {
    return name.endsWith(COUNT);
  }

  /** How many numbers are trained. */
  long parameters() {
    return shapes.entrySet().stream()
        .filter(e -> !e.getKey().contains("running_") && !counts(e.getKey()))
        .mapToLong(e -> LongStream.of(e.getValue()).reduce(1, Math::multiplyExact))
        .sum();
  }

  /** The first value of a tensor in files; the last one is its opposite, those between are 0. */
  static float mark(int place) {
    return 1 + place % 100;
  }

  /** The value of a count in files. */
  static long count(int place) {
    return 100_000L + place;
  }

  /**
   * Writes a file, its tensors in the opposite order, as sparse as the file system allows.
   *
   * @param half whether numbers are of 16 bits
   * @param prefix put before each name
   */
  void write(Path file, boolean half, String prefix) throws IOException {
    List<String> names = new ArrayList<>(shapes.keySet());
    Map<String, Integer> places = new LinkedHashMap<>();
    names.forEach(n -> places.put(n, places.size()));
    Collections.reverse(names);
    Map<String, long[]> spans = new LinkedHashMap<>();
    long end = 0;
    for (String name : names) {
      long elements = LongStream.of(shapes.get(name)).reduce(1, Math::multiplyExact);
      long start = end;
      end += elements * (counts(name) ? 8 : half ? 2 : 4);
      spans.put(name, new long[] {start, end});
    }
    String header =
        names.stream()
            .map(n -> entry(prefix + n, counts(n) ? "I64" : half ? "F16" : "F32", n, spans.get(n)))
            .collect(Collectors.joining(",", "{\"__metadata__\":{\"format\":\"pt\"},", "}"));
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long data = 8L + json.length;
      put(out, 0, little(8).putLong(json.length));
      put(out, 8, ByteBuffer.wrap(json).position(json.length));
      for (String name : names) {
        int place = places.get(name);
        long[] span = spans.get(name);
        if (counts(name)) {
          put(out, data + span[0], little(8).putLong(count(place)));
        } else {
          put(out, data + span[0], number(mark(place), half));
          put(out, data + span[1] - (half ? 2 : 4), number(-mark(place), half));
        }
      }
    }
  }

  private String entry(String name, String dtype, String shapeOf, long[] span) {
    String shape =
        LongStream.of(shapes.get(shapeOf))
            .mapToObj(Long::toString)
            .collect(Collectors.joining(",", "[", "]"));
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, span[0], span[1]);
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A whole number from 1 to 100, or its opposite, as IEEE 754 has it. */
  private static ByteBuffer number(float value, boolean half) {
    int bits = Float.floatToIntBits(value);
    if (!half) {
      return little(4).putInt(bits);
    }
    int sign = bits >>> 16 & 0x8000;
    int exponent = (bits >>> 23 & 0xFF) - 127 + 15;
    return little(2).putShort((short) (sign | exponent << 10 | (bits & 0x7FFFFF) >>> 13));
  }

  private static void put(FileChannel out, long at, ByteBuffer bytes) throws IOException {
    bytes.flip();
    while (bytes.hasRemaining()) {
      at += out.write(bytes, at);
    }
  }
}
