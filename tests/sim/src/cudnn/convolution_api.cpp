// The functions that compute convolutions and help to choose their algorithms.
#include <cudasim_library.h>
#include <string.h>

#include <algorithm>
#include <vector>

#include "algorithms.h"
#include "convolution.h"

namespace {

struct ConvolutionWork {
  Direction direction;
  Geometry geometry;
  void* x;
  void* w;
  void* y;
  Epilogue epilogue;
  void* workspace;
  size_t workspace_bytes;
  bool deterministic;
};

void run_convolution(void* arguments) {
  const auto& work = *static_cast<ConvolutionWork*>(arguments);
  // The workspace is written all over: whoever keeps data in it, or has less, will notice.
  if (work.workspace_bytes) memset(work.workspace, 0xff, work.workspace_bytes);
  static bool odd = false;
  if (!work.deterministic) odd = !odd;
  convolve(work.direction, work.geometry, work.x, work.w, work.y, work.epilogue,
           !work.deterministic && odd);
}

double scalar(const void* pointer, const Geometry& geometry) {
  bool in_double = geometry.type == cudasim::Element::kF64;
  return in_double ? *static_cast<const double*>(pointer)
                   : double(*static_cast<const float*>(pointer));
}

// Checks the algorithm and its workspace, and gives the work to the handle's stream.
cudnnStatus_t enqueue(cudnnHandle_t handle, const char* name, int number, ConvolutionWork work,
                      size_t workspace_bytes) {
  Algorithm algorithm = describe_algorithm(work.direction, number, work.geometry);
  if (!algorithm.supported) return CUDNN_STATUS_NOT_SUPPORTED;
  if (workspace_bytes < algorithm.workspace || (algorithm.workspace && !work.workspace)) {
    cudasim_report("cuDNN: the workspace is smaller than the algorithm asks for");
    return CUDNN_STATUS_BAD_PARAM;
  }
  if (!work.x || !work.w || !work.y) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  work.workspace_bytes = algorithm.workspace;
  work.deterministic = algorithm.deterministic;
  return from_driver(
      cudasim_enqueue(handle->stream, name, run_convolution, &work, sizeof work));
}

cudnnStatus_t run(const char* name, cudnnHandle_t handle, Direction direction, const void* alpha,
                  cudnnTensorDescriptor_t x, const void* x_data, cudnnFilterDescriptor_t w,
                  const void* w_data, cudnnConvolutionDescriptor_t convolution, int algorithm,
                  void* workspace, size_t workspace_bytes, const void* beta,
                  cudnnTensorDescriptor_t y, const void* y_data) {
  if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!alpha || !beta) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  ConvolutionWork work = {};
  if (cudnnStatus_t status = make_geometry(x, w, convolution, y, &work.geometry)) return status;
  work.direction = direction;
  work.x = const_cast<void*>(x_data);
  work.w = const_cast<void*>(w_data);
  work.y = const_cast<void*>(y_data);
  work.workspace = workspace;
  work.epilogue.alpha = scalar(alpha, work.geometry);
  work.epilogue.beta = scalar(beta, work.geometry);
  return enqueue(handle, name, algorithm, work, workspace_bytes);
}

// --- choosing ---

cudnnStatus_t workspace_size(Direction direction, cudnnTensorDescriptor_t x,
                             cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
                             cudnnTensorDescriptor_t y, int number, size_t* bytes) {
  Geometry geometry;
  if (!bytes) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (cudnnStatus_t status = make_geometry(x, w, convolution, y, &geometry)) return status;
  Algorithm algorithm = describe_algorithm(direction, number, geometry);
  if (!algorithm.supported) return CUDNN_STATUS_NOT_SUPPORTED;
  *bytes = algorithm.workspace;
  return CUDNN_STATUS_SUCCESS;
}

// What a choice that is ordered to fail leaves in *returned. One that refuses has counted none; any
// other failure comes before the count, which keeps what was there, for JCuda whatever its stack
// held.
void leave_count(int status, int* returned) {
  if (returned) *returned = status / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000 ? 0 : 1000;
}

// The supported algorithms, hungriest first (on a GPU they are often the fastest), then the others
// with the status that says they are not; a time for each if they have been measured.
cudnnStatus_t rank(Direction direction, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                   cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                   bool measured, int requested, int* returned,
                   cudnnConvolutionAlgoPerf_t* results) {
  Geometry geometry;
  if (!returned || !results || requested < 1) return CUDNN_STATUS_BAD_PARAM;
  if (cudnnStatus_t status = make_geometry(x, w, convolution, y, &geometry)) return status;
  std::vector<cudnnConvolutionAlgoPerf_t> all;
  for (int number = 0; number < algorithm_count(direction); number++) {
    Algorithm algorithm = describe_algorithm(direction, number, geometry);
    cudnnConvolutionAlgoPerf_t entry = {};
    entry.algo = number;
    entry.status = algorithm.supported ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
    entry.memory = algorithm.supported ? algorithm.workspace : 0;
    entry.determinism =
        algorithm.deterministic ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC;
    entry.mathType = convolution->math;
    entry.time = -1;
    all.push_back(entry);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    if ((a.status == 0) != (b.status == 0)) return a.status == 0;
    if (a.determinism != b.determinism) return a.determinism < b.determinism;
    return a.memory > b.memory;
  });
  *returned = std::min(requested, int(all.size()));
  for (int i = 0; i < *returned; i++) {
    results[i] = all[size_t(i)];
    if (measured && results[i].status == CUDNN_STATUS_SUCCESS) results[i].time = 0.1f * float(i + 1);
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

// --- computing ---

CUDNN_API cudnnStatus_t cudnnConvolutionForward(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x, const void* x_data,
    cudnnFilterDescriptor_t w, const void* w_data, cudnnConvolutionDescriptor_t convolution,
    int algorithm, void* workspace, size_t workspace_bytes, const void* beta,
    cudnnTensorDescriptor_t y, void* y_data) {
  CUDNN_ENTER("cudnnConvolutionForward");
  return run("cudnnConvolutionForward", handle, Direction::kForward, alpha, x, x_data, w, w_data,
             convolution, algorithm, workspace, workspace_bytes, beta, y, y_data);
}

CUDNN_API cudnnStatus_t cudnnConvolutionBackwardData(
    cudnnHandle_t handle, const void* alpha, cudnnFilterDescriptor_t w, const void* w_data,
    cudnnTensorDescriptor_t dy, const void* dy_data, cudnnConvolutionDescriptor_t convolution,
    int algorithm, void* workspace, size_t workspace_bytes, const void* beta,
    cudnnTensorDescriptor_t dx, void* dx_data) {
  CUDNN_ENTER("cudnnConvolutionBackwardData");
  return run("cudnnConvolutionBackwardData", handle, Direction::kBackwardData, alpha, dx, dx_data,
             w, w_data, convolution, algorithm, workspace, workspace_bytes, beta, dy, dy_data);
}

CUDNN_API cudnnStatus_t cudnnConvolutionBackwardFilter(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x, const void* x_data,
    cudnnTensorDescriptor_t dy, const void* dy_data, cudnnConvolutionDescriptor_t convolution,
    int algorithm, void* workspace, size_t workspace_bytes, const void* beta,
    cudnnFilterDescriptor_t dw, void* dw_data) {
  CUDNN_ENTER("cudnnConvolutionBackwardFilter");
  return run("cudnnConvolutionBackwardFilter", handle, Direction::kBackwardFilter, alpha, x, x_data,
             dw, dw_data, convolution, algorithm, workspace, workspace_bytes, beta, dy, dy_data);
}

CUDNN_API cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x, const void* x_data,
    cudnnFilterDescriptor_t w, const void* w_data, cudnnConvolutionDescriptor_t convolution,
    int algorithm, void* workspace, size_t workspace_bytes, const void* beta,
    cudnnTensorDescriptor_t z, const void* z_data, cudnnTensorDescriptor_t bias,
    const void* bias_data, cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t y,
    void* y_data) {
  CUDNN_ENTER("cudnnConvolutionBiasActivationForward");
  if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!alpha || !beta || !z || !bias || !activation) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  ConvolutionWork work = {};
  Geometry& g = work.geometry;
  if (cudnnStatus_t status = make_geometry(x, w, convolution, y, &g)) return status;
  bool relu = activation->mode == CUDNN_ACTIVATION_RELU;
  // Only this one algorithm can leave the activation out.
  constexpr int kPrecomputedGemm = 1;
  bool identity = activation->mode == CUDNN_ACTIVATION_IDENTITY && algorithm == kPrecomputedGemm;
  if (!relu && !identity) return CUDNN_STATUS_NOT_SUPPORTED;
  if (bias->dimensions != x->dimensions || bias->size[1] != g.out_channels ||
      z->dimensions != y->dimensions || !std::equal(z->size, z->size + z->dimensions, y->size)) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  work.direction = Direction::kForward;
  work.x = const_cast<void*>(x_data);
  work.w = const_cast<void*>(w_data);
  work.y = y_data;
  work.workspace = workspace;
  Epilogue& epilogue = work.epilogue;
  epilogue.alpha = scalar(alpha, g);
  epilogue.beta = scalar(beta, g);
  epilogue.bias = bias_data;
  epilogue.other = z_data;
  epilogue.other_batch = z->stride[0];
  epilogue.other_channel = z->stride[1];
  for (int i = 2; i < z->dimensions; i++) {
    epilogue.other_space[i + 3 - z->dimensions] = z->stride[i];
  }
  epilogue.relu = relu;
  return enqueue(handle, "cudnnConvolutionBiasActivationForward", algorithm, work,
                 workspace_bytes);
}

// --- the gradient of a bias ---

namespace {

struct BiasWork {
  cudnnTensorStruct dy;
  cudasim::Element type;
  const void* data;
  void* bias;
  double alpha, beta;
};

void run_bias(void* arguments) {
  const auto& work = *static_cast<BiasWork*>(arguments);
  const cudnnTensorStruct& dy = work.dy;
  int64_t places = 1;
  for (int i = 2; i < dy.dimensions; i++) places *= dy.size[i];
  for (int c = 0; c < dy.size[1]; c++) {
    double sum = 0;
    for (int n = 0; n < dy.size[0]; n++) {
      for (int64_t place = 0; place < places; place++) {
        int64_t offset = int64_t(n) * dy.stride[0] + int64_t(c) * dy.stride[1];
        int64_t rest = place;
        for (int i = dy.dimensions - 1; i >= 2; i--) {
          offset += rest % dy.size[i] * dy.stride[i];
          rest /= dy.size[i];
        }
        sum += cudasim::load<double>(work.data, work.type, offset);
      }
    }
    double result = work.alpha * sum;
    if (work.beta != 0) result += work.beta * cudasim::load<double>(work.bias, work.type, c);
    cudasim::store(work.bias, work.type, c, result);
  }
}

}  // namespace

CUDNN_API cudnnStatus_t cudnnConvolutionBackwardBias(cudnnHandle_t handle, const void* alpha,
                                                     cudnnTensorDescriptor_t dy,
                                                     const void* dy_data, const void* beta,
                                                     cudnnTensorDescriptor_t db, void* db_data) {
  CUDNN_ENTER("cudnnConvolutionBackwardBias");
  if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!alpha || !beta || !dy || !db) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (db->type != dy->type || db->size[1] != dy->size[1]) return CUDNN_STATUS_BAD_PARAM;
  BiasWork work = {};
  work.dy = *dy;
  if (!element_of(dy->type, &work.type)) return CUDNN_STATUS_NOT_SUPPORTED;
  work.data = dy_data;
  work.bias = db_data;
  Geometry types = {};
  types.type = work.type;
  work.alpha = scalar(alpha, types);
  work.beta = scalar(beta, types);
  return from_driver(cudasim_enqueue(handle->stream, "cudnnConvolutionBackwardBias", run_bias,
                                     &work, sizeof work));
}

// --- choosing ---

#define CUDNN_ALGORITHM_COUNT(name, direction)                                                   \
  CUDNN_API cudnnStatus_t cudnnGetConvolution##name##AlgorithmMaxCount(cudnnHandle_t handle,     \
                                                                       int* count) {             \
    if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;                                 \
    *count = algorithm_count(direction);                                                         \
    return CUDNN_STATUS_SUCCESS;                                                                 \
  }
CUDNN_ALGORITHM_COUNT(Forward, Direction::kForward)
CUDNN_ALGORITHM_COUNT(BackwardData, Direction::kBackwardData)
CUDNN_ALGORITHM_COUNT(BackwardFilter, Direction::kBackwardFilter)

// The three directions name their tensors in different orders.
#define CUDNN_CHOICE(name, direction, First, first, Second, second, Third, third)                 \
  CUDNN_API cudnnStatus_t cudnnGetConvolution##name##WorkspaceSize(                               \
      cudnnHandle_t handle, First first, Second second, cudnnConvolutionDescriptor_t convolution, \
      Third third, int algorithm, size_t* bytes) {                                                \
    CUDNN_ENTER("cudnnGetConvolution" #name "WorkspaceSize");                                     \
    if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;                                  \
    return workspace_size(direction, x, w, convolution, y, algorithm, bytes);                     \
  }                                                                                               \
  CUDNN_API cudnnStatus_t cudnnGetConvolution##name##Algorithm_v7(                                \
      cudnnHandle_t handle, First first, Second second, cudnnConvolutionDescriptor_t convolution, \
      Third third, int requested, int* returned, cudnnConvolutionAlgoPerf_t* results) {           \
    CUDNN_ENTER_OR("cudnnGetConvolution" #name "Algorithm", leave_count(status, returned))       \
    if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;                                  \
    return rank(direction, x, w, convolution, y, false, requested, returned, results);            \
  }                                                                                               \
  CUDNN_API cudnnStatus_t cudnnFindConvolution##name##Algorithm(                                  \
      cudnnHandle_t handle, First first, Second second, cudnnConvolutionDescriptor_t convolution, \
      Third third, int requested, int* returned, cudnnConvolutionAlgoPerf_t* results) {           \
    CUDNN_ENTER_OR("cudnnFindConvolution" #name "Algorithm", leave_count(status, returned))      \
    if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;                                  \
    /* It measures, so it must not be captured. */                                                \
    if (int status = cudasim_library_status(1)) return from_driver(status);                       \
    return rank(direction, x, w, convolution, y, true, requested, returned, results);             \
  }                                                                                               \
  CUDNN_API cudnnStatus_t cudnnFindConvolution##name##AlgorithmEx(                                \
      cudnnHandle_t handle, First first, const void*, Second second, const void*,                 \
      cudnnConvolutionDescriptor_t convolution, Third third, void*, int requested, int* returned, \
      cudnnConvolutionAlgoPerf_t* results, void*, size_t) {                                       \
    return cudnnFindConvolution##name##Algorithm(handle, first, second, convolution, third,       \
                                                 requested, returned, results);                   \
  }
CUDNN_CHOICE(Forward, Direction::kForward, cudnnTensorDescriptor_t, x, cudnnFilterDescriptor_t, w,
             cudnnTensorDescriptor_t, y)
CUDNN_CHOICE(BackwardData, Direction::kBackwardData, cudnnFilterDescriptor_t, w,
             cudnnTensorDescriptor_t, y, cudnnTensorDescriptor_t, x)
CUDNN_CHOICE(BackwardFilter, Direction::kBackwardFilter, cudnnTensorDescriptor_t, x,
             cudnnTensorDescriptor_t, y, cudnnFilterDescriptor_t, w)
