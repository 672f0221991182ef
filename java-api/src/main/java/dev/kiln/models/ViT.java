package dev.kiln.models;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.nn.Init;
import dev.kiln.nn.LayerNorm;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.ops.Resampling;
import dev.kiln.ops.Shaping;
import java.util.List;

/**
 * A vision transformer: image patches as tokens, a class token before them, learned positions, the
 * class token's output as features. Dosovitskiy et al. 2021; the tiny size of Touvron et al. 2021.
 *
 * <p>Parameter names and first values are timm's ({@code blocks.0.attn.qkv.weight}), so that its
 * {@code vit_tiny_patch16_224} loads into {@link #tiny(int)}.
 */
public final class ViT extends Module {
  private final int size;
  private final int side;
  private final Tensor clsToken;
  private final Tensor posEmbed;
  private final PatchEmbed patchEmbed;
  private final Sequential blocks;
  private final LayerNorm norm;
  private final Linear head;

  private ViT(Builder b) {
    b.check();
    size = b.size;
    side = b.size / b.patch;
    Device device = Device.defaultDevice();
    clsToken = parameter("cls_token", Tensor.empty(Shape.of(1, 1, b.dim), DType.FLOAT32, device));
    posEmbed =
        parameter(
            "pos_embed",
            Tensor.empty(Shape.of(1, 1 + (long) side * side, b.dim), DType.FLOAT32, device));
    patchEmbed = module("patch_embed", new PatchEmbed(b.channels, b.dim, b.patch));
    Module[] all = new Module[b.depth];
    for (int i = 0; i < all.length; i++) {
      all[i] = new ViTBlock(b.dim, b.heads, b.dim * b.mlpRatio, b.dropout);
    }
    blocks = module("blocks", new Sequential(all));
    norm = module("norm", ViTBlock.norm(b.dim));
    head = module("head", new Linear(b.dim, b.classes));
    Init.normal(clsToken, 0, 1e-6);
    Init.truncatedNormal(posEmbed, 0, 0.02, -2, 2);
    apply(
        m -> {
          if (m instanceof Linear linear) {
            Init.truncatedNormal(linear.weight(), 0, 0.02, -2, 2);
            linear.bias().ifPresent(Init::zeros);
          }
        });
  }

  /**
   * Makes timm's {@code vit_tiny_patch16_224}, of 5.7 million parameters, for images [n, 3, 224,
   * 224].
   *
   * @param classes how many scores there are
   */
  public static ViT tiny(int classes) {
    return tiny(3, 224, 16, classes);
  }

  /**
   * Makes a network of the tiny size for other images.
   *
   * @param channels of the images
   * @param size rows and columns of the images
   * @param patch rows and columns of a patch, which divide the size; 4 suits images of 28 or 32
   * @param classes how many scores there are
   */
  public static ViT tiny(int channels, int size, int patch, int classes) {
    return builder(size, patch).channels(channels).classes(classes).build();
  }

  /**
   * Starts a network of the tiny size: 192 features, 12 blocks, 3 heads.
   *
   * @param size rows and columns of the images
   * @param patch rows and columns of a patch
   */
  public static Builder builder(int size, int patch) {
    return new Builder(size, patch);
  }

  /** Collects the options of a network. */
  public static final class Builder {
    private final int size;
    private final int patch;
    private int channels = 3;
    private int classes = 1000;
    private long dim = 192;
    private int depth = 12;
    private int heads = 3;
    private int mlpRatio = 4;
    private double dropout;

    private Builder(int size, int patch) {
      this.size = size;
      this.patch = patch;
    }

    /** Channels of the images; 3 unless set. */
    public Builder channels(int count) {
      channels = count;
      return this;
    }

    /** Number of scores; 1000 unless set. */
    public Builder classes(int count) {
      classes = count;
      return this;
    }

    /** Features of a token; 192 unless set. */
    public Builder dim(long features) {
      dim = features;
      return this;
    }

    /** Number of blocks; 12 unless set. */
    public Builder depth(int count) {
      depth = count;
      return this;
    }

    /** Heads of the attention, which divide the features; 3 unless set. */
    public Builder heads(int count) {
      heads = count;
      return this;
    }

    /** Factor from features to hidden features; 4 unless set. */
    public Builder mlpRatio(int factor) {
      mlpRatio = factor;
      return this;
    }

    /** Probability of 0 in the dense layers of the blocks; 0 unless set. */
    public Builder dropout(double p) {
      dropout = p;
      return this;
    }

    private void check() {
      if (patch < 1 || size < patch || size % patch != 0) {
        throw new KilnException(
            "[vit] patch " + patch + " must divide the image size " + size + " and be 1 or more");
      }
      if (heads < 1 || dim < 1 || dim % heads != 0 || depth < 1 || mlpRatio < 1) {
        throw new KilnException(
            "[vit] heads "
                + heads
                + " must divide the "
                + dim
                + " features; depth "
                + depth
                + " and mlp ratio "
                + mlpRatio
                + " must be 1 or more");
      }
    }

    /**
     * Makes the network.
     *
     * @throws KilnException if the patch does not divide the size, the heads do not divide the
     *     features, a size is below 1 or the dropout is no probability
     */
    public ViT build() {
      return new ViT(this);
    }
  }

  /**
   * Resamples learned positions to a grid of another size, as timm's {@code resample_abs_pos_embed}
   * does: a cubic filter (slope -0.5) that widens where the grid shrinks, so that nothing aliases;
   * the tokens before the grid keep theirs. It is computed in FLOAT32 and given back in the type of
   * the positions.
   *
   * @param positions [1, prefix + n, dim], of a square grid of n patches
   * @param rows of patches in the new grid
   * @param columns of patches in the new grid
   * @param prefix how many tokens come before the patches; 1 for a class token
   * @return [1, prefix + rows * columns, dim]; the positions themselves if the grid stays
   * @throws ShapeException if the positions are not of that form, or a size is below 1
   */
  public static Tensor resamplePositions(Tensor positions, int rows, int columns, int prefix) {
    boolean formed = positions.dim() == 3 && positions.size(0) == 1 && prefix >= 0;
    long patches = formed ? positions.size(1) - prefix : 0;
    long old = (long) Math.sqrt(Math.max(0, patches));
    if (patches < 1 || old * old != patches || rows < 1 || columns < 1) {
      throw new ShapeException(
          "[vit] positions %s with %d before the patches, for a grid of %d x %d; they must be"
                  .formatted(positions.describe(), prefix, rows, columns)
              + " [1,%d+n*n,dim] of a square grid, the new grid 1 x 1 or more".formatted(prefix));
    }
    if (rows == old && columns == old) {
      return positions;
    }
    long dim = positions.size(2);
    Tensor grid =
        positions
            .narrow(1, prefix, patches)
            .to(DType.FLOAT32)
            .reshape(1, old, old, dim)
            .permute(0, 3, 1, 2)
            .contiguous();
    Tensor resized =
        Resampling.interpolateAntialiased(
            grid,
            rows,
            columns,
            Resampling.Mode.BICUBIC,
            false,
            (double) old / rows,
            (double) old / columns);
    Tensor tokens =
        resized
            .permute(0, 2, 3, 1)
            .contiguous()
            .reshape(1, (long) rows * columns, dim)
            .to(positions.dtype());
    return prefix == 0
        ? tokens
        : Shaping.cat(List.of(positions.narrow(1, 0, prefix).contiguous(), tokens), 1);
  }

  /**
   * Resamples the positions of a network for images of another size to this one's grid, to load
   * them: {@code Pretrained.file(path).changing("pos_embed", vit::fitPositions).into(vit)}.
   *
   * @param positions [1, 1 + n, dim], of a square grid of n patches
   * @return positions of this network's shape
   * @throws ShapeException if they are of another form
   */
  public Tensor fitPositions(Tensor positions) {
    return resamplePositions(positions, side, side, 1);
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.dim() != 4 || x.size(2) != size || x.size(3) != size) {
      throw new ShapeException(
          "[vit] input "
              + x.describe()
              + " must be [n, channels, "
              + size
              + ", "
              + size
              + "], the size that the positions were made for; make the network for this size and"
              + " load it with resampled positions (ViT.fitPositions)");
    }
    Tensor patches = patchEmbed.call(x);
    Tensor first = clsToken.expand(x.size(0), 1, clsToken.size(2));
    Tensor tokens = Shaping.cat(List.of(first, patches), 1).add(posEmbed);
    Tensor y = chain(tokens, blocks, norm);
    return head.call(y.select(1, 0));
  }
}
