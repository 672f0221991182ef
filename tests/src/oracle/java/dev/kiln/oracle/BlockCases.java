package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.uniform;

/**
 * The blocks of well-known models as functional graphs: inputs are named like parameters and
 * buffers, with underscores for dots.
 */
final class BlockCases {
  private static final String NORM =
      "torch.batch_norm(%1$s, %2$s_weight, %2$s_bias, %2$s_running_mean, %2$s_running_var,"
          + " False, 0.1, 1e-5, False)";

  private BlockCases() {}

  static Suite all() {
    Suite s = new Suite();
    bottleneck(s);
    invertedResidual(s);
    wide(s);
    transformer(s);
    return s;
  }

  private static String norm(String x, String name) {
    return String.format(NORM, x, name);
  }

  private static void bottleneck(Suite s) {
    s.op(
            "bottleneck",
            "a = torch.relu("
                + norm("torch.conv2d(x, conv1_weight)", "bn1")
                + "); b = torch.relu("
                + norm("torch.conv2d(a, conv2_weight, None, [2, 2], [1, 1])", "bn2")
                + "); c = "
                + norm("torch.conv2d(b, conv3_weight)", "bn3")
                + "; d = "
                + norm("torch.conv2d(x, downsample_0_weight, None, [2, 2])", "downsample_1")
                + "; torch.relu(c + d)")
        .add(
            "stride2",
            new Named()
                .put("x", normal(1, 2, 3, 5, 5))
                .put("conv1_weight", normal(2, 2, 3, 1, 1))
                .norm("bn1", 10, 2)
                .put("conv2_weight", normal(3, 2, 2, 3, 3))
                .norm("bn2", 20, 2)
                .put("conv3_weight", normal(4, 8, 2, 1, 1))
                .norm("bn3", 30, 8)
                .put("downsample_0_weight", normal(5, 8, 3, 1, 1))
                .norm("downsample_1", 40, 8)
                .inOrder());
  }

  private static void invertedResidual(Suite s) {
    s.op(
            "inverted_residual",
            "a = torch.clamp("
                + norm("torch.conv2d(x, conv_0_0_weight)", "conv_0_1")
                + ", 0., 6.); b = torch.clamp("
                + norm(
                    "torch.conv2d(a, conv_1_0_weight, None, [1, 1], [1, 1], [1, 1], 12)",
                    "conv_1_1")
                + ", 0., 6.); x + "
                + norm("torch.conv2d(b, conv_2_weight)", "conv_3"))
        .add(
            "shortcut",
            new Named()
                .put("x", normal(1, 2, 2, 4, 4))
                .put("conv_0_0_weight", normal(2, 12, 2, 1, 1))
                .norm("conv_0_1", 10, 12)
                .put("conv_1_0_weight", normal(3, 12, 1, 3, 3))
                .norm("conv_1_1", 20, 12)
                .put("conv_2_weight", normal(4, 2, 12, 1, 1))
                .norm("conv_3", 30, 2)
                .inOrder());
  }

  private static void wide(Suite s) {
    s.op(
            "wide_block",
            "a = torch.relu("
                + norm("x", "bn1")
                + "); b = torch.relu("
                + norm("torch.conv2d(a, conv1_weight, None, [2, 2], [1, 1])", "bn2")
                + "); torch.conv2d(a, convShortcut_weight, None, [2, 2])"
                + " + torch.conv2d(b, conv2_weight, None, [1, 1], [1, 1])")
        .add(
            "stride2",
            new Named()
                .put("x", normal(1, 2, 2, 4, 4))
                .norm("bn1", 10, 2)
                .put("conv1_weight", normal(2, 3, 2, 3, 3))
                .norm("bn2", 20, 3)
                .put("conv2_weight", normal(3, 3, 3, 3, 3))
                .put("convShortcut_weight", normal(4, 3, 2, 1, 1))
                .inOrder());
  }

  private static void transformer(Suite s) {
    s.op(
            "vit_block",
            "h = torch.layer_norm(x, [6], norm1_weight, norm1_bias, 1e-6);"
                + " p = torch.linear(h, attn_qkv_weight, attn_qkv_bias);"
                + " p = p.reshape([2, 4, 3, 2, 3]).permute([2, 0, 3, 1, 4]);"
                + " w = torch.softmax(torch.matmul(p[0], p[1].transpose(-2, -1)) / (3. ** 0.5), -1);"
                + " a = torch.matmul(w, p[2]).transpose(1, 2).reshape([2, 4, 6]);"
                + " z = x + torch.linear(a, attn_proj_weight, attn_proj_bias);"
                + " m = torch.layer_norm(z, [6], norm2_weight, norm2_bias, 1e-6);"
                + " m = torch.gelu(torch.linear(m, mlp_fc1_weight, mlp_fc1_bias));"
                + " z + torch.linear(m, mlp_fc2_weight, mlp_fc2_bias)")
        .add(
            "two_heads",
            new Named()
                .put("x", normal(1, 2, 4, 6))
                .put("norm1_weight", uniform(2, 0.5, 1.5, 6))
                .put("norm1_bias", normal(3, 6))
                .put("attn_qkv_weight", normal(4, 18, 6))
                .put("attn_qkv_bias", normal(5, 18))
                .put("attn_proj_weight", normal(6, 6, 6))
                .put("attn_proj_bias", normal(7, 6))
                .put("norm2_weight", uniform(8, 0.5, 1.5, 6))
                .put("norm2_bias", normal(9, 6))
                .put("mlp_fc1_weight", normal(10, 12, 6))
                .put("mlp_fc1_bias", normal(11, 12))
                .put("mlp_fc2_weight", normal(12, 6, 12))
                .put("mlp_fc2_bias", normal(13, 6))
                .inOrder());
  }
}
