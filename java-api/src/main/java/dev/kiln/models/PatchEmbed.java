package dev.kiln.models;

import dev.kiln.Tensor;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.Module;

/** Cuts images into square patches and projects each: [n, c, h, w] to [n, patches, d]. */
final class PatchEmbed extends Module {
  private final Conv2d proj;

  PatchEmbed(long channels, long dim, int patch) {
    proj = module("proj", Conv2d.builder(channels, dim, patch).stride(patch).build());
  }

  @Override
  public Tensor forward(Tensor x) {
    return proj.call(x).flatten(2, 3).transpose(1, 2);
  }
}
