// One step of an optimizer over a stretch of parameters, their gradients and its state.
//
//   d = scale * gradient (+ decay * p), and then by the rule
//   SGD       v = momentum v + fresh d                           p -= lr (own d + ahead v)
//   Adagrad   s += d^2                                           p -= rate d / (sqrt(s) + eps)
//   Adam      m += (1 - beta1)(d - m)  v = beta2 v + (1 - beta2) d^2
//             p = shrink p - rate m / (sqrt(v) / correction + eps)
//   RMSprop   s = alpha s + (1 - alpha) d^2                      p -= lr (d / (sqrt(s) + eps))
//
// as dev.kiln.backend.OptimizerKind describes them, with AMSGrad, centring and momentum where their
// state is there; a state's address is 0 where it is not. PyTorch's formulas. Everything is read
// once and written once, by 128-bit accesses where all operands allow them. The settings are a
// vector of doubles in device memory; one thread of a block combines them, since doubles and powers
// are slow on many GPUs. A scale of 0 leaves everything as it is, whatever the gradients hold.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/load.cuh"

namespace kiln {

// Places in the vector of settings.
constexpr int LR = 0;
constexpr int STEP = 1;
constexpr int SCALE = 2;

// ---- The rules ----
// Each has of(h), its settings as the elements need them, and step(p, grad, s, used), which updates
// one parameter and its state; used[k] tells whether state k is there.

template <class M>
struct Sgd {
  static constexpr int STATES = 1;
  M lr, scale, momentum, fresh, decay, own, ahead;

  static KILN_DEVICE_MEMBER Sgd of(const double* h) {
    bool nesterov = h[6] != 0;
    double fresh = h[STEP] == 1 ? 1 : 1 - h[4];
    return {M(h[LR]), M(h[SCALE]), M(h[3]),         M(fresh),
            M(h[5]),  M(h[6]),     nesterov ? M(h[3]) : M(1)};
  }

  KILN_DEVICE_MEMBER void step(M& p, M grad, M (&s)[1], const bool (&used)[1]) const {
    M d = scale * grad + decay * p;
    if (used[0]) {
      s[0] = momentum * s[0] + fresh * d;
      d = own * d + ahead * s[0];
    }
    p -= lr * d;
  }
};

template <class M>
struct Adagrad {
  static constexpr int STATES = 1;
  M rate, scale, decay, eps;

  static KILN_DEVICE_MEMBER Adagrad of(const double* h) {
    return {M(h[LR] / (1 + (h[STEP] - 1) * h[3])), M(h[SCALE]), M(h[4]), M(h[5])};
  }

  KILN_DEVICE_MEMBER void step(M& p, M grad, M (&s)[1], const bool (&)[1]) const {
    M d = scale * grad + decay * p;
    s[0] += d * d;
    p -= rate * (d / (sqrt_of(s[0]) + eps));
  }
};

// DECOUPLED: the weight decay shrinks the parameter (AdamW) instead of adding to the gradient.
template <class M, bool DECOUPLED>
struct AdamRule {
  static constexpr int STATES = 3;
  M rate, scale, fresh_mean, keep_square, fresh_square, eps, decay, correction;

  static KILN_DEVICE_MEMBER AdamRule of(const double* h) {
    double rate = h[LR] / (1 - pow(h[3], h[STEP]));
    double correction = sqrt(1 - pow(h[4], h[STEP]));
    double decay = DECOUPLED ? 1 - h[LR] * h[6] : h[6];
    return {M(rate),     M(h[SCALE]), M(1 - h[3]), M(h[4]),
            M(1 - h[4]), M(h[5]),     M(decay),    M(correction)};
  }

  KILN_DEVICE_MEMBER void step(M& p, M grad, M (&s)[3], const bool (&used)[3]) const {
    M d = DECOUPLED ? scale * grad : scale * grad + decay * p;
    s[0] += fresh_mean * (d - s[0]);
    s[1] = keep_square * s[1] + fresh_square * (d * d);
    M largest = s[1];
    if (used[2]) {
      s[2] = larger(s[2], s[1]);
      largest = s[2];
    }
    M kept = DECOUPLED ? p * decay : p;
    p = kept - rate * (s[0] / (sqrt_of(largest) / correction + eps));
  }
};
template <class M>
using Adam = AdamRule<M, false>;
template <class M>
using AdamW = AdamRule<M, true>;

template <class M>
struct RmsProp {
  static constexpr int STATES = 3;
  M lr, scale, keep, fresh, eps, decay, momentum;

  static KILN_DEVICE_MEMBER RmsProp of(const double* h) {
    return {M(h[LR]), M(h[SCALE]), M(h[3]), M(1 - h[3]), M(h[4]), M(h[5]), M(h[6])};
  }

  KILN_DEVICE_MEMBER void step(M& p, M grad, M (&s)[3], const bool (&used)[3]) const {
    M d = scale * grad + decay * p;
    s[0] = keep * s[0] + fresh * (d * d);
    M variance = s[0];
    if (used[2]) {
      s[2] += fresh * (d - s[2]);
      variance -= s[2] * s[2];
    }
    M direction = d / (sqrt_of(variance) + eps);
    if (used[1]) {
      s[1] = momentum * s[1] + direction;
      direction = s[1];
    }
    p -= lr * direction;
  }
};

// ---- All elements ----

// Updates the N elements from `at` on.
template <int N, class Rule, class T>
KILN_DEVICE void step_elements(const Rule& rule, int64_t at, T* p, const T* grad,
                               T* const (&states)[Rule::STATES],
                               const bool (&used)[Rule::STATES]) {
  constexpr int STATES = Rule::STATES;
  using E = Element<T>;
  Pack<T, N> params = load<N>(p + at);
  Pack<T, N> grads = load<N>(grad + at);
  Pack<T, N> parts[STATES] = {};
#pragma unroll
  for (int k = 0; k < STATES; k++) {
    if (used[k]) {
      parts[k] = load<N>(states[k] + at);
    }
  }
#pragma unroll
  for (int i = 0; i < N; i++) {
    MathOf<T> param = E::get(params.at[i]);
    MathOf<T> s[STATES];
#pragma unroll
    for (int k = 0; k < STATES; k++) {
      s[k] = E::get(parts[k].at[i]);
    }
    rule.step(param, E::get(grads.at[i]), s, used);
    params.at[i] = E::put(param);
#pragma unroll
    for (int k = 0; k < STATES; k++) {
      parts[k].at[i] = E::put(s[k]);
    }
  }
  store<N>(params, p + at);
#pragma unroll
  for (int k = 0; k < STATES; k++) {
    if (used[k]) {
      store<N>(parts[k], states[k] + at);
    }
  }
}

template <class Rule, class T>
KILN_DEVICE void step_all(Rule* shared, T* p, const T* grad, T* const (&states)[Rule::STATES],
                          int64_t n, const double* hyper) {
  constexpr int N = LANES<T>;
  if (hyper[SCALE] == 0) {
    return;
  }
  if (threadIdx.x == 0) {
    *shared = Rule::of(hyper);
  }
  __syncthreads();
  const Rule rule = *shared;

  // Elements before the first that a pack of p may start at.
  int64_t head = (16 - reinterpret_cast<uintptr_t>(p) % 16) % 16 / sizeof(T);
  bool used[Rule::STATES];
  bool whole = head < n && aligned<N>(grad + head);
#pragma unroll
  for (int k = 0; k < Rule::STATES; k++) {
    used[k] = states[k] != nullptr;
    whole = whole && (!used[k] || aligned<N>(states[k] + head));
  }
  int64_t packs = whole ? (n - head) / N : 0;
#pragma unroll 1
  for (int64_t i = thread_number(); i < packs; i += thread_count()) {
    step_elements<N>(rule, head + i * N, p, grad, states, used);
  }
#pragma unroll 1
  for (int64_t i = thread_number(); i < n - packs * N; i += thread_count()) {
    step_elements<1>(rule, i < head ? i : i + packs * N, p, grad, states, used);
  }
}

}  // namespace kiln

#define KERNELS(name, Rule, type, T)                                                          \
  KILN_KERNEL(kiln_##name##_##type, T* p, const T* grad, T* s0, T* s1, T* s2, int64_t n,        \
              const double* hyper) {                                                            \
    using R = kiln::Rule<kiln::MathOf<T>>;                                                      \
    __shared__ R rule;                                                                          \
    T* const given[3] = {s0, s1, s2};                                                           \
    T* states[R::STATES];                                                                       \
    for (int k = 0; k < R::STATES; k++) {                                                       \
      states[k] = given[k];                                                                     \
    }                                                                                           \
    kiln::step_all(&rule, p, grad, states, n, hyper);                                           \
  }
#define RULE(name, Rule)                    \
  KERNELS(name, Rule, f32, float)           \
  KERNELS(name, Rule, f64, double)          \
  KERNELS(name, Rule, bf16, kiln::BFloat16) \
  KERNELS(name, Rule, f16, kiln::Float16)
RULE(sgd, Sgd)
RULE(adagrad, Adagrad)
RULE(adam, Adam)
RULE(adamw, AdamW)
RULE(rmsprop, RmsProp)

// Begins a step: what gradients are multiplied by, and its number, which a skipped step has not. The
// scale's sign says whether to minimise or to maximise, and stays, even that of -0.
KILN_KERNEL(kiln_optimizer_clock, double* hyper, const double* factor) {
  double scale = copysign(factor == nullptr ? 1.0 : factor[0], hyper[kiln::SCALE]);
  hyper[kiln::SCALE] = scale;
  if (scale != 0) {
    hyper[kiln::STEP] += 1;
  }
}

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/launch.h"

static kiln::Family family("optimizer");

static constexpr const char* JAVA_NAMES[] = {"SGD", "ADAGRAD", "ADAM", "ADAMW", "RMSPROP"};
static constexpr const char* NAMES[] = {"sgd", "adagrad", "adam", "adamw", "rmsprop"};
static constexpr int KINDS = sizeof NAMES / sizeof NAMES[0];

extern "C" int kiln_optimizer_kind(const char* name) {
  for (int kind = 0; kind < KINDS; kind++) {
    if (strcmp(JAVA_NAMES[kind], name) == 0) {
      return kind;
    }
  }
  return -1;
}

extern "C" int kiln_optimizer_step(int64_t context, int kind, int type, int64_t p, int64_t grad,
                                   int64_t s0, int64_t s1, int64_t s2, int64_t n, int64_t hyper) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel =
      family.kernel(c, kind * KILN_TYPES + type, "kiln_%s_%s", NAMES[kind], kiln::TYPE_NAMES[type]);
  // No more blocks than run at once: each begins with a thread that works out the settings.
  unsigned grid = kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[type]);
  unsigned most = static_cast<unsigned>(c.multiprocessors) * 8;
  return kiln::launch(c, kernel, grid < most ? grid : most, kiln::BLOCK, 0, p, grad, s0, s1, s2, n,
                      hyper);
}

extern "C" int kiln_optimizer_clock(int64_t context, int64_t hyper, int64_t factor) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel = family.kernel(c, KINDS * KILN_TYPES, "kiln_optimizer_clock");
  return kiln::launch(c, kernel, 1, 1, 0, hyper, factor);
}

#endif  // KILN_HOST_CODE
