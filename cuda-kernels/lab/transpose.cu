// Turning a matrix, from the obvious kernel to that of ../src/fill.cu.
//
//   writes aside   a thread for each element, neighbours read neighbours and write far apart
//   reads aside    the same, neighbours write neighbours and read far apart
//   kiln strided   the copy of any strides, which neighbours write in order
//   kiln tiles     tiles of 32 x 32 through shared memory: both in order
#include "../src/fill.cu"
#include "lab.cuh"

// ---- Versions ----

__global__ void writes_aside(float* out, const float* x, int64_t rows, int64_t columns) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < rows * columns) {
    out[i % rows * columns + i / rows] = x[i];
  }
}

__global__ void reads_aside(float* out, const float* x, int64_t rows, int64_t columns) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < rows * columns) {
    out[i] = x[i % columns * rows + i / columns];
  }
}

// out[rows][columns] of x[columns][rows].
static bool run(uint32_t rows, uint32_t columns) {
  int64_t count = static_cast<int64_t>(rows) * columns;
  std::vector<float> values = lab::random(count, 0, 1);
  std::vector<double> want(count);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++) {
      want[r * columns + c] = values[c * rows + r];
    }
  }
  lab::Array x(values), out(count);
  lab::Bench bench("transpose", rows, columns, 8.0 * count, want);
  unsigned blocks = static_cast<unsigned>((count + 255) / 256);
  unsigned most = lab::multiprocessors() * 32;
  bench.version("writes aside", out, 0, [&] {
    writes_aside<<<blocks, 256>>>(out.at(), x.at(), rows, columns);
  });
  bench.version("reads aside", out, 0, [&] {
    reads_aside<<<blocks, 256>>>(out.at(), x.at(), rows, columns);
  });
  kiln::Geometry<2> g = {};
  g.rank = 2;
  g.count = static_cast<uint32_t>(count);
  g.sizes[0] = kiln::Divider::of(rows);
  g.sizes[1] = kiln::Divider::of(columns);
  g.strides[0][0] = columns;
  g.strides[0][1] = 1;
  g.strides[1][0] = 1;
  g.strides[1][1] = rows;
  bench.version("kiln strided", out, 0, [&] {
    kiln_copy_strided_f32_to_f32<<<std::min(most, blocks), 256>>>(out.at(), x.at(), g);
  });
  kiln::Turned s = {};
  uint32_t high = (rows + kiln::TILE - 1) / kiln::TILE;
  uint32_t wide = (columns + kiln::TILE - 1) / kiln::TILE;
  s.rows = rows;
  s.columns = columns;
  s.out_row = columns;
  s.x_column = rows;
  s.planes.rank = 1;
  s.planes.count = 1;
  s.planes.sizes[0] = kiln::Divider::of(1);
  s.tiles_high = kiln::Divider::of(high);
  s.tiles_wide = kiln::Divider::of(wide);
  s.tasks = high * wide;
  bench.version("kiln tiles", out, 0, [&] {
    kiln_transpose_4<<<std::min(most, s.tasks), 256>>>(
        reinterpret_cast<uint32_t*>(out.at()), reinterpret_cast<const uint32_t*>(x.at()), s);
  });
  return !bench.failed();
}

int main() {
  bool right = run(4096, 4096);
  right &= run(8192, 1000);
  right &= run(1023, 4097);
  right &= run(1 << 20, 8);
  return right ? 0 : 1;
}
