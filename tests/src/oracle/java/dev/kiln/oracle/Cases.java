package dev.kiln.oracle;

/** Every case, one family a file. */
final class Cases {
  private Cases() {}

  static Suite all() {
    Suite s = new Suite();
    ActivationCases.addTo(s);
    ArithmeticCases.addTo(s);
    ReductionCases.addTo(s);
    SortingCases.addTo(s);
    IndexingCases.addTo(s);
    ShapingCases.addTo(s);
    ProductCases.addTo(s);
    ConvolutionCases.addTo(s);
    PoolingCases.addTo(s);
    NormalizationCases.addTo(s);
    LossCases.addTo(s);
    RecurrentCases.addTo(s);
    AttentionCases.addTo(s);
    ImageCases.addTo(s);
    WindowCases.addTo(s);
    OptimizerCases.addTo(s);
    SequenceCases.addTo(s);
    return s;
  }
}
