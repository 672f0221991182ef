package dev.kiln.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  private static final Device DEVICE = Device.of("scalar");

  @TempDir Path folder;

  private static byte[] file(String header, byte... data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }

  private Path written(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("t.safetensors"), bytes);
  }

  private static Map<String, Tensor> sample() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "layer.weight", Tensor.of(new float[] {1, -2, 3.5f, 4, 5, 6}, Shape.of(2, 3), DEVICE));
    tensors.put("steps", Tensor.of(new long[] {1L << 40}, Shape.scalar(), DEVICE));
    tensors.put("empty", Tensor.zeros(Shape.of(0, 4), DType.FLOAT32, DEVICE));
    return tensors;
  }

  @Test
  void readsWhatTheFormatDescribes() throws IOException {
    // The bytes are laid out by hand from the format's description.
    byte[] data =
        ByteBuffer.allocate(10)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putFloat(1.5f)
            .putFloat(-2f)
            .putShort((short) 0x3F80)
            .array();
    Path path =
        written(
            file(
                "{\"__metadata__\":{\"format\":\"pt\"},"
                    + "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[8,10]},"
                    + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}   ",
                data));
    try (Scope scope = Scope.open()) {
      Safetensors.Contents c = Safetensors.load(path, DEVICE);
      assertThat(c.metadata()).containsExactly(Map.entry("format", "pt"));
      assertThat(c.tensors().get("a").shape()).isEqualTo(Shape.of(2, 1));
      assertThat(c.tensors().get("a").toFloatArray()).containsExactly(1.5f, -2f);
      assertThat(c.tensors().get("b").dtype()).isEqualTo(DType.BFLOAT16);
      assertThat(c.tensors().get("b").toFloatArray()).containsExactly(1f);
    }
  }

  @Test
  void writesWhatTheFormatDescribes() throws IOException {
    Path path = folder.resolve("new/folder/w.safetensors");
    try (Scope scope = Scope.open()) {
      Safetensors.save(
          Map.of("x", Tensor.of(new float[] {1f, 2f}, DEVICE)), path, Map.of("k", "v"));
    }
    ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    long length = b.getLong();
    assertThat(length % 8).isZero();
    byte[] json = new byte[(int) length];
    b.get(json);
    String text = new String(json, StandardCharsets.UTF_8).trim();
    assertThat(text.replaceFirst("(kiln.sha256.header\":\")[0-9a-f]{64}", "$1HEX"))
        .isEqualTo(
            "{\"__metadata__\":{\"kiln.sha256.header\":\"HEX\",\"k\":\"v\",\"kiln.sha256.data\":\""
                // printf '\0\0\200\77\0\0\0\100' | sha256sum
                + "b9c80b5adeca450753a16950c3cc655d271f7bef7a485bc83f112b72fef21d37"
                + "\"},"
                + "\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
    assertThat(b.getFloat()).isEqualTo(1f);
    assertThat(b.getFloat()).isEqualTo(2f);
    assertThat(b.hasRemaining()).isFalse();
  }

  @Test
  void everyChangedBitAndEveryCutIsNoticed() throws IOException {
    Path path = folder.resolve("w.safetensors");
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1f, 2f, 3f}, DEVICE);
      Safetensors.save(Map.of("x", x), path, Map.of("note", "epoch 3"));
    }
    byte[] whole = Files.readAllBytes(path);
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(path, flipped);
      assertThatThrownBy(
              () -> {
                try (Scope scope = Scope.open()) {
                  Safetensors.load(path, DEVICE);
                }
              })
          .as("bit %d", bit)
          .isInstanceOf(ModelFileException.class);
    }
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Safetensors.load(path, DEVICE))
          .as("%d bytes", length)
          .isInstanceOf(ModelFileException.class);
    }
    Files.write(path, whole);
    try (Scope scope = Scope.open()) {
      Safetensors.Contents c = Safetensors.load(path, DEVICE);
      Safetensors.save(c.tensors(), path, c.metadata());
      assertThat(Safetensors.load(path, DEVICE).metadata()).containsEntry("note", "epoch 3");
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeComesBack(DType dtype) {
    Path path = folder.resolve("t.safetensors");
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {0, 1, 1, 0, 1}, DEVICE).to(dtype);
      Safetensors.save(Map.of("x", x), path);
      Tensor y = Safetensors.load(path, DEVICE).tensors().get("x");
      assertThat(y.dtype()).isEqualTo(dtype);
      assertThat(y.toFloatArray()).containsExactly(0, 1, 1, 0, 1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{",
        "{}trailing",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":7}",
        "{\"__metadata__\":{\"k\":{}}}"
      })
  void damagedHeadersAreNamed(String header) throws IOException {
    Path path = written(file(header, (byte) 0, (byte) 0, (byte) 0, (byte) 0));
    assertThatThrownBy(() -> Safetensors.load(path, DEVICE))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("t.safetensors");
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    Path path = folder.resolve("t.safetensors");
    try (Scope scope = Scope.open()) {
      Safetensors.save(sample(), path);
    }
    byte[] whole = Files.readAllBytes(path);
    for (int n = 0; n < whole.length; n++) {
      Path cut = written(java.util.Arrays.copyOf(whole, n));
      assertThatThrownBy(() -> Safetensors.load(cut, DEVICE))
          .isInstanceOf(ModelFileException.class);
    }
  }

  @Test
  void flippedBytesGiveTensorsOrTheOneError() throws IOException {
    Path path = folder.resolve("t.safetensors");
    try (Scope scope = Scope.open()) {
      Safetensors.save(sample(), path);
    }
    byte[] whole = Files.readAllBytes(path);
    SplittableRandom random = new SplittableRandom(1);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bad = whole.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 + random.nextInt(255));
      Path flipped = written(bad);
      try (Scope scope = Scope.open()) {
        Safetensors.load(flipped, DEVICE);
      } catch (ModelFileException e) {
        refused++;
      }
    }
    // What may pass: a flip that only renames a tensor or a key of the metadata.
    assertThat(refused).isGreaterThan(1500);
  }

  @Test
  void everyFlippedBitOfTheTensorsIsNoticed() throws IOException {
    Path path = folder.resolve("t.safetensors");
    try (Scope scope = Scope.open()) {
      Safetensors.save(sample(), path);
    }
    byte[] whole = Files.readAllBytes(path);
    for (int bit = 0; bit < 32 * 8; bit++) {
      byte[] bad = whole.clone();
      bad[bad.length - 1 - bit / 8] ^= (byte) (1 << bit % 8);
      Path flipped = written(bad);
      assertThatThrownBy(() -> Safetensors.load(flipped, DEVICE))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("SHA-256");
    }
  }

  @Test
  void missingFilesAndFolders() {
    assertThatThrownBy(() -> Safetensors.load(folder.resolve("no.safetensors"), DEVICE))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("there is no file");
    assertThatThrownBy(() -> Safetensors.load(folder, DEVICE))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("is a folder");
    assertThatThrownBy(() -> Safetensors.save(Map.of(), folder))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("is a folder");
  }

  @Test
  void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
    Path path = folder.resolve("keep.bin");
    AtomicFiles.write(path, "old");
    for (int n = 0; n < 20; n++) {
      int bytes = n;
      assertThatThrownBy(
              () ->
                  AtomicFiles.write(
                      path,
                      out -> {
                        AtomicFiles.writeFully(out, ByteBuffer.allocate(bytes));
                        throw new IOException("disk full");
                      }))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("keep.bin")
          .hasMessageContaining("disk full");
    }
    assertThat(Files.readString(path)).isEqualTo("old");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void aFileWhereAFolderShouldBe() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> AtomicFiles.write(file.resolve("model.json"), "{}"))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("is not a folder");
  }

  @Test
  void aReleasedTensorIsNotSaved() {
    Tensor t;
    try (Scope scope = Scope.open("step 3")) {
      t = Tensor.of(new float[] {1}, DEVICE);
    }
    Path path = folder.resolve("t.safetensors");
    assertThatThrownBy(() -> Safetensors.save(Map.of("w", t), path))
        .hasMessageContaining("[save] w")
        .hasMessageContaining("step 3");
    assertThat(path).doesNotExist();
  }

  @Test
  void checkpointsAreReadFromTheOneFile() throws IOException {
    Path path = folder.resolve("best.safetensors");
    JsonObject json = new JsonObject();
    json.addProperty("epoch", 3);
    try (Scope scope = Scope.open()) {
      Checkpoint.save(path, sample(), json);
      assertThat(Files.readString(folder.resolve("best.json"))).contains("\"epoch\": 3");
      Files.writeString(folder.resolve("best.json"), "{\"epoch\": 99}");
      Checkpoint c = Checkpoint.load(path, DEVICE);
      assertThat(c.json().get("epoch").getAsInt()).isEqualTo(3);
      assertThat(c.tensors().get("steps").item()).isEqualTo(1L << 40);
      assertThat(c.tensors().keySet()).containsExactly("layer.weight", "steps", "empty");

      Safetensors.save(sample(), path);
      assertThat(Checkpoint.load(path, DEVICE).json().get("epoch").getAsInt()).isEqualTo(99);
      Files.writeString(folder.resolve("best.json"), "[1, 2");
      assertThatThrownBy(() -> Checkpoint.load(path, DEVICE))
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining("best.json");
      Files.delete(folder.resolve("best.json"));
      assertThat(Checkpoint.describe(path).size()).isZero();
    }
  }
}
