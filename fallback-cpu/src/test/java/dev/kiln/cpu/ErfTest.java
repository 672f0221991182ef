package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;

class ErfTest {
  /** x, erf(x), erfc(x), from the Maclaurin series summed with 120 digits. */
  private static final double[][] VALUES = {
    {0.001, 0.0011283787909692365, 0.9988716212090307},
    {0.25, 0.27632639016823696, 0.7236736098317631},
    {0.46875, 0.49261347321793797, 0.507386526782062},
    {0.4688, 0.4926587618132793, 0.5073412381867207},
    {0.75, 0.7111556336535151, 0.28884436634648486},
    {1, 0.8427007929497149, 0.15729920705028513},
    {1.5, 0.9661051464753108, 0.033894853524689274},
    {2.25, 0.9985372834133188, 0.0014627165866811518},
    {3, 0.9999779095030014, 2.209049699858544e-05},
    {3.999, 0.9999999844552505, 1.554474949099499e-08},
    {4.001, 0.9999999847092178, 1.5290782173248732e-08},
    {5, 0.9999999999984626, 1.537459794428035e-12},
    {6, 1.0, 2.1519736712498913e-17},
    {8, 1.0, 1.1224297172982926e-29},
  };

  @Test
  void agreesWithTheSeries() {
    for (double[] v : VALUES) {
      assertThat(Erf.erf(v[0])).isCloseTo(v[1], withinPercentage(1e-13));
      assertThat(Erf.erfc(v[0])).isCloseTo(v[2], withinPercentage(1e-12));
      assertThat(Erf.erf(-v[0])).isEqualTo(-Erf.erf(v[0]));
      assertThat(Erf.erfc(-v[0])).isCloseTo(1 + v[1], withinPercentage(1e-13));
    }
  }

  @Test
  void limits() {
    assertThat(Erf.erf(0)).isZero();
    assertThat(Erf.erf(Double.POSITIVE_INFINITY)).isEqualTo(1);
    assertThat(Erf.erf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
    assertThat(Erf.erfc(Double.POSITIVE_INFINITY)).isZero();
    assertThat(Erf.erfc(30)).isZero();
    assertThat(Erf.erf(Double.NaN)).isNaN();
    assertThat(Erf.erfc(Double.NaN)).isNaN();
  }
}
