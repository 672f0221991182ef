// Random numbers from a state in device memory: seed, stream, counter (INT64 each).
//
//   out[i] = draw(philox(seed, stream, counter + i / per)[i % per])
//   counter += ceil(n / per)
//
// The numbers are those of dev.kiln.random.Draws, bit for bit; see random.cuh. A thread makes the
// elements of one block. The counter moves in a kernel of its own, when all have read it.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/random.cuh"

namespace kiln {

template <class D, class T>
KILN_DEVICE void draw_all(T* out, int64_t n, const int64_t* state, double a, double b) {
  constexpr int PER = D::PER;
  Stream stream = {bits64(state[0]), bits64(state[1]), bits64(state[2])};
  bool whole = aligned<PER>(out);
  int64_t blocks = (n + PER - 1) / PER;
  for (int64_t i = thread_number(); i < blocks; i += thread_count()) {
    Pack<T, PER> pack;
    D::draw(philox(stream, stream.counter + bits64(i)), a, b, pack.at);
    int64_t first = i * PER;
    if (whole && first + PER <= n) {
      pack.store(out + first);
    } else {
#pragma unroll
      for (int k = 0; k < PER; k++) {
        if (first + k < n) {
          out[first + k] = pack.at[k];
        }
      }
    }
  }
}

}  // namespace kiln

#define KERNELS(type, T)                                                                      \
  KILN_KERNEL(kiln_uniform_##type, T* out, int64_t n, const int64_t* state, double a, double b) { \
    kiln::draw_all<kiln::Uniform<T>>(out, n, state, a, b);                                    \
  }                                                                                           \
  KILN_KERNEL(kiln_normal_##type, T* out, int64_t n, const int64_t* state, double a, double b) { \
    kiln::draw_all<kiln::Normal<T>>(out, n, state, a, b);                                     \
  }                                                                                           \
  KILN_KERNEL(kiln_bernoulli_##type, T* out, int64_t n, const int64_t* state, double a,       \
              double b) {                                                                     \
    kiln::draw_all<kiln::Bernoulli<T>>(out, n, state, a, b);                                  \
  }
KILN_FLOAT_TYPES(KERNELS)

KILN_KERNEL(kiln_advance, int64_t* state, int64_t blocks) {
  state[2] = kiln::add_of(state[2], blocks);
}

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/launch.h"

static kiln::Family family("random");

static constexpr const char* JAVA_NAMES[] = {"UNIFORM", "NORMAL", "BERNOULLI"};
static constexpr const char* NAMES[] = {"uniform", "normal", "bernoulli"};
static constexpr int DISTS = sizeof NAMES / sizeof NAMES[0];

extern "C" int kiln_random_dist(const char* name) {
  for (int dist = 0; dist < DISTS; dist++) {
    if (strcmp(JAVA_NAMES[dist], name) == 0) {
      return dist;
    }
  }
  return -1;
}

extern "C" int kiln_random(int64_t context, int dist, int type, int64_t out, int64_t n,
                           int64_t state, int64_t blocks, double a, double b) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel = family.kernel(c, dist * KILN_TYPES + type, "kiln_%s_%s", NAMES[dist],
                                      kiln::TYPE_NAMES[type]);
  int status = kiln::launch(c, kernel, kiln::grid_for(c, blocks), kiln::BLOCK, 0, out, n, state, a, b);
  if (status != KILN_OK || blocks == 0) {
    return status;
  }
  return kiln::launch(c, family.kernel(c, DISTS * KILN_TYPES, "kiln_advance"), 1, 1, 0, state,
                      blocks);
}

#endif  // KILN_HOST_CODE
