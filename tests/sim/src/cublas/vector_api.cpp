// The few vector functions that a backend may use: y = a * x + y, x = a * x, dot.
#include <cudasim_library.h>
#include <elements.h>

#include "cublas_types.h"

using cudasim::Element;

namespace {

template <class Number>
struct VectorWork {
  int64_t n;
  Number scale;
  const Number* device_scale;
  const Number* x;
  int64_t x_step;
  Number* y;
  int64_t y_step;
  Number* result;

  Number a() const { return device_scale ? *device_scale : scale; }
};

// The first element of a vector with a negative step is its last in memory.
template <class Number>
Number* first(Number* x, int64_t n, int64_t step) {
  return step < 0 ? x - (n - 1) * step : x;
}

template <class Number>
void run_axpy(void* arguments) {
  auto& work = *static_cast<VectorWork<Number>*>(arguments);
  for (int64_t i = 0; i < work.n; i++) work.y[i * work.y_step] += work.a() * work.x[i * work.x_step];
}

template <class Number>
void run_scal(void* arguments) {
  auto& work = *static_cast<VectorWork<Number>*>(arguments);
  for (int64_t i = 0; i < work.n; i++) work.y[i * work.y_step] *= work.a();
}

template <class Number>
void run_dot(void* arguments) {
  auto& work = *static_cast<VectorWork<Number>*>(arguments);
  double sum = 0;
  for (int64_t i = 0; i < work.n; i++) {
    sum += double(work.x[i * work.x_step]) * double(work.y[i * work.y_step]);
  }
  *work.result = Number(sum);
}

template <class Number>
VectorWork<Number> work_of(cublasHandle_t handle, int n, const Number* scale, const Number* x,
                           int x_step, Number* y, int y_step) {
  VectorWork<Number> work = {n, 0, nullptr, first(x, n, x_step), x_step, first(y, n, y_step),
                             y_step, nullptr};
  if (scale && handle->pointer_mode == kPointersOnDevice) work.device_scale = scale;
  if (scale && handle->pointer_mode == kPointersOnHost) work.scale = *scale;
  return work;
}

}  // namespace

#define CUBLAS_VECTOR(letter, number)                                                             \
  CUBLAS_API cublasStatus_t cublas##letter##axpy_v2(cublasHandle_t handle, int n,                 \
                                                    const number* a, const number* x, int x_step, \
                                                    number* y, int y_step) {                      \
    CUBLAS_ENTER("cublas" #letter "axpy", handle);                                                \
    if (n <= 0) return CUBLAS_STATUS_SUCCESS;                                                     \
    auto work = work_of(handle, n, a, x, x_step, y, y_step);                                      \
    return from_driver(cudasim_enqueue(handle->stream, "cublas" #letter "axpy", run_axpy<number>, \
                                       &work, sizeof work));                                      \
  }                                                                                               \
  CUBLAS_API cublasStatus_t cublas##letter##scal_v2(cublasHandle_t handle, int n,                 \
                                                    const number* a, number* x, int step) {       \
    CUBLAS_ENTER("cublas" #letter "scal", handle);                                                \
    if (n <= 0 || step <= 0) return CUBLAS_STATUS_SUCCESS;                                        \
    auto work = work_of<number>(handle, n, a, x, step, x, step);                                  \
    return from_driver(cudasim_enqueue(handle->stream, "cublas" #letter "scal", run_scal<number>, \
                                       &work, sizeof work));                                      \
  }                                                                                               \
  CUBLAS_API cublasStatus_t cublas##letter##dot_v2(cublasHandle_t handle, int n, const number* x, \
                                                   int x_step, const number* y, int y_step,       \
                                                   number* result) {                              \
    CUBLAS_ENTER("cublas" #letter "dot", handle);                                                 \
    if (!result) return CUBLAS_STATUS_INVALID_VALUE;                                              \
    /* With the result on the host the call waits for it, which the queue here does not do. */    \
    if (handle->pointer_mode == kPointersOnHost) return CUBLAS_STATUS_NOT_SUPPORTED;              \
    auto work = work_of<number>(handle, n < 0 ? 0 : n, nullptr, x, x_step,                        \
                                const_cast<number*>(y), y_step);                                  \
    work.result = result;                                                                         \
    return from_driver(cudasim_enqueue(handle->stream, "cublas" #letter "dot", run_dot<number>,   \
                                       &work, sizeof work));                                      \
  }

CUBLAS_VECTOR(S, float)
CUBLAS_VECTOR(D, double)
