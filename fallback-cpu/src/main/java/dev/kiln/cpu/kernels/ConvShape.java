package dev.kiln.cpu.kernels;

import dev.kiln.backend.Conv2dSpec;

/**
 * The sizes of one 2-d convolution over NCHW images with OIHW filters.
 *
 * @param images images in the batch
 * @param channels input channels
 * @param height input rows
 * @param width input columns
 * @param filters output channels
 * @param kernelH filter rows
 * @param kernelW filter columns
 * @param outHeight output rows
 * @param outWidth output columns
 * @param spec strides, padding, dilation, groups
 */
public record ConvShape(
    int images,
    int channels,
    int height,
    int width,
    int filters,
    int kernelH,
    int kernelW,
    int outHeight,
    int outWidth,
    Conv2dSpec spec) {

  /** The shape whose output size follows from the other sizes. */
  public static ConvShape of(
      int images,
      int channels,
      int height,
      int width,
      int filters,
      int kernelH,
      int kernelW,
      Conv2dSpec s) {
    int oh = (height + 2 * s.paddingH() - s.dilationH() * (kernelH - 1) - 1) / s.strideH() + 1;
    int ow = (width + 2 * s.paddingW() - s.dilationW() * (kernelW - 1) - 1) / s.strideW() + 1;
    return new ConvShape(images, channels, height, width, filters, kernelH, kernelW, oh, ow, s);
  }

  int groups() {
    return spec.groups();
  }

  int groupChannels() {
    return channels / spec.groups();
  }

  int groupFilters() {
    return filters / spec.groups();
  }

  int area() {
    return kernelH * kernelW;
  }

  /** Elements under one filter: the depth of the product. */
  int depth() {
    return groupChannels() * area();
  }

  int outPixels() {
    return outHeight * outWidth;
  }

  int inPixels() {
    return height * width;
  }

  boolean empty() {
    return images == 0 || filters == 0 || outPixels() <= 0;
  }

  boolean unitStride() {
    return spec.strideH() == 1 && spec.strideW() == 1;
  }

  /** Whether every output pixel sees just the input pixel in its own place. */
  boolean pointwise() {
    return area() == 1 && unitStride() && spec.paddingH() == 0 && spec.paddingW() == 0;
  }

  long work() {
    return (long) images * filters * outPixels() * depth();
  }

  /** The convolution that maps output gradients to input gradients; for unit strides only. */
  ConvShape backward() {
    Conv2dSpec s =
        new Conv2dSpec(
            1,
            1,
            spec.dilationH() * (kernelH - 1) - spec.paddingH(),
            spec.dilationW() * (kernelW - 1) - spec.paddingW(),
            spec.dilationH(),
            spec.dilationW(),
            spec.groups());
    return new ConvShape(
        images, filters, outHeight, outWidth, channels, kernelH, kernelW, height, width, s);
  }
}
