// How many examples are classified right.
//
//   rank = the classes whose score is not at most that of the right class
//          + those before it with the same score
//   right += rank < k        all += 1        for each example whose label is not the one to ignore
//
// Scores are [n][classes][inner]. A NaN is not at most anything: it ranks above every number, and a
// right class whose own score is NaN is no hit, unless hits are those of argmax: then the first NaN
// of a row is its highest score. Counters are integers, so the order of adding does not matter.
#include "kiln/kernel.h"
#include "kiln/report.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/block.cuh"
#include "kiln/report.cuh"

namespace kiln {

struct Hits {
  int64_t right;
  int64_t all;
};

// What is asked of each example.
struct Question {
  int64_t k;
  int64_t ignore;
  int32_t argmax;
};

// Whether a label is a class; one that is not is reported by one thread, and by argmax just wrong.
KILN_DEVICE bool is_class(const Question& q, const IndexReport& report, int64_t label,
                          int64_t example, bool reports) {
  if (label >= 0 && label < report.size) {
    return true;
  }
  if (q.argmax == 0 && reports) {
    check_index(report, label, example);
  }
  return false;
}

// Whether one class ranks before the right one.
template <class M>
KILN_DEVICE bool is_before(const Question& q, M v, int64_t at, M score, int64_t label) {
  if (q.argmax != 0 && score != score) {
    return v != v && at < label;
  }
  return !(v <= score) || (v == score && at < label);
}

// Adds up a block's hits and puts them into the counters.
KILN_DEVICE void add_hits(uint64_t* right, uint64_t* all, Hits mine, Hits* shared) {
  Hits sum = block_reduce(mine, shared, [](Hits a, Hits b) {
    return Hits{a.right + b.right, a.all + b.all};
  });
  if (threadIdx.x == 0) {
    atomicAdd(reinterpret_cast<unsigned long long*>(right),
              static_cast<unsigned long long>(sum.right));
    atomicAdd(reinterpret_cast<unsigned long long*>(all),
              static_cast<unsigned long long>(sum.all));
  }
}

// A warp for each example, whose scores lie side by side.
template <class T>
KILN_DEVICE void count_rows(uint64_t* right, uint64_t* all, const T* x, const int64_t* target,
                            int64_t rows, int64_t classes, const Question& q,
                            const IndexReport& report, Hits* shared) {
  int64_t lane = threadIdx.x % WARP;
  Hits hits = {0, 0};
#pragma unroll 1
  for (int64_t row = thread_number() / WARP; row < rows; row += thread_count() / WARP) {
    int64_t label = target[row];
    if (label == q.ignore) {
      continue;
    }
    bool possible = is_class(q, report, label, row, lane == 0);
    int64_t before = 0;
    if (possible) {
      const T* from = x + row * classes;
      MathOf<T> score = Element<T>::get(from[label]);
#pragma unroll 4
      for (int64_t j = lane; j < classes; j += WARP) {
        before += is_before(q, Element<T>::get(from[j]), j, score, label) ? 1 : 0;
      }
    }
    before = warp_reduce(before, [](int64_t a, int64_t b) { return a + b; });
    if (lane == 0) {
      hits.all++;
      hits.right += possible && before < q.k ? 1 : 0;
    }
  }
  add_hits(right, all, hits, shared);
}

// A thread for each example; neighbours' scores of a class lie side by side.
template <class T>
KILN_DEVICE void count_columns(uint64_t* right, uint64_t* all, const T* x, const int64_t* target,
                               int64_t examples, int64_t classes, int64_t inner,
                               const Question& q, const IndexReport& report, Hits* shared) {
  Hits hits = {0, 0};
#pragma unroll 1
  for (int64_t i = thread_number(); i < examples; i += thread_count()) {
    int64_t label = target[i];
    if (label == q.ignore) {
      continue;
    }
    hits.all++;
    if (is_class(q, report, label, i, true)) {
      const T* from = x + i / inner * classes * inner + i % inner;
      MathOf<T> score = Element<T>::get(from[label * inner]);
      int64_t before = 0;
#pragma unroll 4
      for (int64_t j = 0; j < classes; j++) {
        before += is_before(q, Element<T>::get(from[j * inner]), j, score, label) ? 1 : 0;
      }
      hits.right += before < q.k ? 1 : 0;
    }
  }
  add_hits(right, all, hits, shared);
}

}  // namespace kiln

#define KERNELS(type, T)                                                                        \
  KILN_KERNEL_BOUNDS(256, kiln_correct_rows_##type, uint64_t* right, uint64_t* all, const T* x, \
                     const int64_t* target, int64_t rows, int64_t classes, int64_t k,           \
                     int64_t ignore, int32_t argmax, const kiln::IndexReport report) {          \
    __shared__ kiln::Hits shared[256 / kiln::WARP];                                             \
    kiln::Question q = {k, ignore, argmax};                                                     \
    kiln::count_rows(right, all, x, target, rows, classes, q, report, shared);                  \
  }                                                                                             \
  KILN_KERNEL_BOUNDS(256, kiln_correct_columns_##type, uint64_t* right, uint64_t* all,          \
                     const T* x, const int64_t* target, int64_t examples, int64_t classes,      \
                     int64_t inner, int64_t k, int64_t ignore, int32_t argmax,                  \
                     const kiln::IndexReport report) {                                          \
    __shared__ kiln::Hits shared[256 / kiln::WARP];                                             \
    kiln::Question q = {k, ignore, argmax};                                                     \
    kiln::count_columns(right, all, x, target, examples, classes, inner, q, report, shared);    \
  }
KILN_FLOAT_TYPES(KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("accuracy");

extern "C" int kiln_count_correct(int64_t context, int type, int64_t right, int64_t all, int64_t x,
                                  int64_t target, int64_t n, int64_t classes, int64_t inner,
                                  int64_t k, int64_t ignore, int argmax) {
  kiln::Context& c = kiln::Context::of(context);
  const char* name = kiln::TYPE_NAMES[type];
  // A wrong label is told as the op that picks the right class's score tells it.
  kiln::IndexReport report = c.report(KILN_OP_GATHER, 1, classes);
  int64_t examples = n * inner;
  if (inner == 1) {
    kiln::Kernel kernel = family.kernel(c, 2 * type, "kiln_correct_rows_%s", name);
    return kiln::launch(c, kernel, kiln::grid_for(c, examples * 32), kiln::BLOCK, 0, right, all, x,
                        target, examples, classes, k, ignore, static_cast<int32_t>(argmax),
                        report);
  }
  kiln::Kernel kernel = family.kernel(c, 2 * type + 1, "kiln_correct_columns_%s", name);
  return kiln::launch(c, kernel, kiln::grid_for(c, examples), kiln::BLOCK, 0, right, all, x, target,
                      examples, classes, inner, k, ignore, static_cast<int32_t>(argmax), report);
}

#endif  // KILN_HOST_CODE
