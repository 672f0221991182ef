// Filling and copying, for any strides and between all element types.
//
//   out[i] = value          out[i] = convert(x[i])
//
// Conversions are Java's, as dev.kiln.cpu.CpuStorage does them: floats to integers are cut off and
// saturate, integers narrow modulo their range, BOOL is v != 0, 16-bit floats round to nearest even.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/map.cuh"

namespace {

template <class T>
struct Constant {
  T value;
  KILN_DEVICE_MEMBER T operator()() const { return value; }
};

template <class To, class From>
struct Convert {
  KILN_DEVICE_MEMBER To operator()(From v) const {
    return kiln::Element<To>::put(kiln::Element<From>::get(v));
  }
};

}  // namespace

#define FILL(name, T)                                                                      \
  KILN_KERNEL(kiln_fill_##name, T* out, int64_t n, double value) {                         \
    kiln::map_dense(Constant<T>{kiln::Element<T>::put(value)}, n, out);                    \
  }                                                                                        \
  KILN_KERNEL(kiln_fill_strided_##name, T* out, kiln::Geometry<1> g, double value) {       \
    kiln::map_strided(Constant<T>{kiln::Element<T>::put(value)}, g, out);                  \
  }
KILN_ALL_TYPES(FILL)

#define COPY(to, To, from, From)                                                           \
  KILN_KERNEL(kiln_copy_##from##_to_##to, To* out, const From* x, int64_t n) {             \
    kiln::map_dense(Convert<To, From>(), n, out, x);                                       \
  }                                                                                        \
  KILN_KERNEL(kiln_copy_strided_##from##_to_##to, To* out, const From* x,                  \
              kiln::Geometry<2> g) {                                                       \
    kiln::map_strided(Convert<To, From>(), g, out, x);                                     \
  }
#define COPY_FROM_ALL(to, To)                                                              \
  COPY(to, To, f32, float)                                                                 \
  COPY(to, To, f64, double)                                                                \
  COPY(to, To, i32, int32_t)                                                               \
  COPY(to, To, i64, int64_t)                                                               \
  COPY(to, To, u8, uint8_t)                                                                \
  COPY(to, To, bool, kiln::Bool)                                                           \
  COPY(to, To, bf16, kiln::BFloat16)                                                       \
  COPY(to, To, f16, kiln::Float16)
KILN_ALL_TYPES(COPY_FROM_ALL)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("fill");

// Slots: fills, strided fills, copies, strided copies.
static constexpr int FILL_STRIDED = KILN_TYPES;
static constexpr int COPY = 2 * KILN_TYPES;
static constexpr int COPY_STRIDED = COPY + KILN_TYPES * KILN_TYPES;

extern "C" int kiln_fill(int64_t context, int type, int64_t out, double value, int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  const char* name = kiln::TYPE_NAMES[type];
  if (layout.dense(1)) {
    int64_t n = layout.count();
    return kiln::launch(c, family.kernel(c, type, "kiln_fill_%s", name),
                        kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[type]), kiln::BLOCK, 0, out, n,
                        value);
  }
  kiln::Kernel kernel = family.kernel(c, FILL_STRIDED + type, "kiln_fill_strided_%s", name);
  return kiln::for_each_piece<1>(layout, [&](const kiln::Geometry<1>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * kiln::TYPE_BYTES[type], g, value);
  });
}

extern "C" int kiln_copy(int64_t context, int out_type, int x_type, int64_t out, int64_t x,
                         int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  const char* to = kiln::TYPE_NAMES[out_type];
  const char* from = kiln::TYPE_NAMES[x_type];
  int slot = out_type * KILN_TYPES + x_type;
  if (layout.dense(2)) {
    int64_t n = layout.count();
    if (out_type == x_type) {
      return kiln::copy_on_device(c, out, x, n * kiln::TYPE_BYTES[x_type]);
    }
    return kiln::launch(c, family.kernel(c, COPY + slot, "kiln_copy_%s_to_%s", from, to),
                        kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[x_type]), kiln::BLOCK, 0, out,
                        x, n);
  }
  kiln::Kernel kernel =
      family.kernel(c, COPY_STRIDED + slot, "kiln_copy_strided_%s_to_%s", from, to);
  return kiln::for_each_piece<2>(layout, [&](const kiln::Geometry<2>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * kiln::TYPE_BYTES[out_type],
                        x + offsets[1] * kiln::TYPE_BYTES[x_type], g);
  });
}

#endif  // KILN_HOST_CODE
