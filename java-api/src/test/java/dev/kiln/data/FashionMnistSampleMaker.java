package dev.kiln.data;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * Makes the embedded sample of Fashion-MNIST from the full set.
 *
 * <p>Of each class it takes the first 500 training and the first 100 test images, and keeps them in
 * the order of the full set. Arguments: the folder of the full set, the folder to write to.
 */
final class FashionMnistSampleMaker {
  static final int TRAIN_PER_CLASS = 500;
  static final int TEST_PER_CLASS = 100;

  private FashionMnistSampleMaker() {}

  public static void main(String[] args) throws IOException {
    Path from = Path.of(args[0]);
    Path to = Files.createDirectories(Path.of(args[1]));
    make(from, to, "train", TRAIN_PER_CLASS);
    make(from, to, "t10k", TEST_PER_CLASS);
  }

  private static void make(Path from, Path to, String part, int perClass) throws IOException {
    String imagesName = part + "-images-idx3-ubyte.gz";
    String labelsName = part + "-labels-idx1-ubyte.gz";
    IdxArray images = Idx.read(from.resolve(imagesName));
    IdxArray labels = Idx.read(from.resolve(labelsName));
    int[] chosen = firstOfEachClass(labels.data(), perClass);
    int pixels = Math.toIntExact(images.shape().numel() / images.shape().dim(0));
    ByteBuffer imageFile = ByteBuffer.allocate(16 + chosen.length * pixels);
    imageFile.putInt(0x803).putInt(chosen.length);
    imageFile.putInt((int) images.shape().dim(1)).putInt((int) images.shape().dim(2));
    ByteBuffer labelFile = ByteBuffer.allocate(8 + chosen.length);
    labelFile.putInt(0x801).putInt(chosen.length);
    for (int i : chosen) {
      imageFile.put(images.data(), i * pixels, pixels);
      labelFile.put(labels.data()[i]);
    }
    writeGzip(to.resolve(imagesName), imageFile.array());
    writeGzip(to.resolve(labelsName), labelFile.array());
  }

  static int[] firstOfEachClass(byte[] labels, int perClass) {
    int[] taken = new int[10];
    int[] chosen = new int[10 * perClass];
    int n = 0;
    for (int i = 0; i < labels.length; i++) {
      if (taken[labels[i]]++ < perClass) {
        chosen[n++] = i;
      }
    }
    return Arrays.copyOf(chosen, n);
  }

  private static void writeGzip(Path file, byte[] bytes) throws IOException {
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(file)) {
          {
            def.setLevel(Deflater.BEST_COMPRESSION);
          }
        }) {
      out.write(bytes);
    }
  }
}
