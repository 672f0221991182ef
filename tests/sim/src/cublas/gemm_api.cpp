// The matrix products: C = alpha * op(A) * op(B) + beta * C, column-major, one or a batch of them.
#include <cudasim_library.h>
#include <gemm.h>

#include <algorithm>

#include "cublas_types.h"

using cudasim::Element;
using cudasim::Matrix;
using cudasim::Rounding;

namespace {

// One number given by the caller: its value, or where to find it when the work is done.
struct Scalar {
  double value;
  const void* device;
};

struct Product {
  cublasOperation_t a_op, b_op;
  int64_t m, n, k;
  const void* a;
  const void* b;
  void* c;
  Element a_type, b_type, c_type, scalar_type;
  int64_t lda, ldb, ldc;
  int64_t a_stride, b_stride, c_stride;  // in elements, from one matrix of the batch to the next
  int64_t batch;
  bool pointers;  // a, b and c are arrays of addresses instead
  Scalar alpha, beta;
  Rounding rounding;
  bool in_double;
};

double read(const Scalar& scalar, Element type) {
  return scalar.device ? cudasim::load<double>(scalar.device, type, 0) : scalar.value;
}

// The matrix as its transposition says: rows and columns of op(X).
Matrix view(const void* data, Element type, cublasOperation_t op, int64_t leading) {
  return op == CUBLAS_OP_N ? Matrix{data, type, 1, leading} : Matrix{data, type, leading, 1};
}

template <class Number>
void multiply_one(const Product& product, const void* a, const void* b, void* c, Number alpha,
                  Number beta) {
  Matrix left = view(a, product.a_type, product.a_op, product.lda);
  Matrix right = view(b, product.b_type, product.b_op, product.ldb);
  std::swap(right.row_step, right.column_step);  // the engine's second source is n by k
  cudasim::MatrixSink<Number> sink({c, product.c_type, 1, product.ldc}, c, alpha, beta);
  // With alpha 0 the inputs are not read at all.
  cudasim::multiply(product.m, product.n, alpha == Number(0) ? 0 : product.k,
                    cudasim::MatrixSource<Number>(left, product.rounding),
                    cudasim::MatrixSource<Number>(right, product.rounding), sink);
}

const void* element(const void* array, Element type, int64_t i) {
  return static_cast<const char*>(array) + i * int64_t(size_of(type));
}

void run_product(void* arguments) {
  const auto& product = *static_cast<const Product*>(arguments);
  double alpha = read(product.alpha, product.scalar_type);
  double beta = read(product.beta, product.scalar_type);
  for (int64_t i = 0; i < product.batch; i++) {
    const void* a = element(product.a, product.a_type, i * product.a_stride);
    const void* b = element(product.b, product.b_type, i * product.b_stride);
    const void* c = element(product.c, product.c_type, i * product.c_stride);
    if (product.pointers) {
      a = static_cast<const void* const*>(product.a)[i];
      b = static_cast<const void* const*>(product.b)[i];
      c = static_cast<const void* const*>(product.c)[i];
    }
    if (product.in_double) {
      multiply_one<double>(product, a, b, const_cast<void*>(c), alpha, beta);
    } else {
      multiply_one<float>(product, a, b, const_cast<void*>(c), float(alpha), float(beta));
    }
  }
}

Scalar scalar(cublasHandle_t handle, const void* pointer, Element type) {
  if (handle->pointer_mode == kPointersOnDevice) return {0, pointer};
  return {cudasim::load<double>(pointer, type, 0), nullptr};
}

bool valid(cublasOperation_t op) { return op >= CUBLAS_OP_N && op <= CUBLAS_OP_C; }

// Checks what cuBLAS checks, reads the numbers, and gives the product to the stream.
cublasStatus_t enqueue(cublasHandle_t handle, const char* name, Product product, const void* alpha,
                       const void* beta) {
  int64_t a_rows = product.a_op == CUBLAS_OP_N ? product.m : product.k;
  int64_t b_rows = product.b_op == CUBLAS_OP_N ? product.k : product.n;
  if (!valid(product.a_op) || !valid(product.b_op) || product.m < 0 || product.n < 0 ||
      product.k < 0 || product.batch < 0 || product.lda < std::max<int64_t>(1, a_rows) ||
      product.ldb < std::max<int64_t>(1, b_rows) ||
      product.ldc < std::max<int64_t>(1, product.m) || !alpha || !beta) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (product.m == 0 || product.n == 0 || product.batch == 0) return CUBLAS_STATUS_SUCCESS;
  product.alpha = scalar(handle, alpha, product.scalar_type);
  product.beta = scalar(handle, beta, product.scalar_type);
  return from_driver(
      cudasim_enqueue(handle->stream, name, run_product, &product, sizeof product));
}

Product plain(cublasOperation_t a_op, cublasOperation_t b_op, int64_t m, int64_t n, int64_t k,
              const void* a, int64_t lda, const void* b, int64_t ldb, void* c, int64_t ldc,
              Element type) {
  Product product = {};
  product.a_op = a_op;
  product.b_op = b_op;
  product.m = m;
  product.n = n;
  product.k = k;
  product.a = a;
  product.b = b;
  product.c = c;
  product.lda = lda;
  product.ldb = ldb;
  product.ldc = ldc;
  product.a_type = product.b_type = product.c_type = product.scalar_type = type;
  product.in_double = type == Element::kF64;
  product.batch = 1;
  product.rounding = Rounding::kNone;
  return product;
}

// What the handle's math mode does to a product of floats.
Rounding handle_rounding(cublasHandle_t handle, Element type) {
  int mode = handle->math_mode & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  bool tf32 = mode == CUBLAS_TF32_TENSOR_OP_MATH && type == Element::kF32;
  return tf32 ? Rounding::kTf32 : Rounding::kNone;
}

bool element_of(cudaDataType type, Element* element) {
  switch (type) {
    case CUDA_R_32F: *element = Element::kF32; return true;
    case CUDA_R_64F: *element = Element::kF64; return true;
    case CUDA_R_16F: *element = Element::kF16; return true;
    case CUDA_R_16BF: *element = Element::kBf16; return true;
  }
  return false;
}

// Fills in types and rounding of the Ex functions, for the combinations that cuBLAS supports.
cublasStatus_t set_types(cublasHandle_t handle, cudaDataType a, cudaDataType b, cudaDataType c,
                         cublasComputeType_t compute, Product* product) {
  if (!element_of(a, &product->a_type) || !element_of(b, &product->b_type) ||
      !element_of(c, &product->c_type) || product->a_type != product->b_type) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  bool floats = a == CUDA_R_32F && c == CUDA_R_32F;
  bool doubles = a == CUDA_R_64F && c == CUDA_R_64F;
  bool halves = (a == CUDA_R_16F || a == CUDA_R_16BF) && (c == a || c == CUDA_R_32F);
  product->scalar_type = Element::kF32;
  product->rounding = Rounding::kNone;
  product->in_double = false;
  switch (compute) {
    case CUBLAS_COMPUTE_16F:
    case CUBLAS_COMPUTE_16F_PEDANTIC:
      product->scalar_type = Element::kF16;
      return a == CUDA_R_16F && c == CUDA_R_16F ? CUBLAS_STATUS_SUCCESS
                                                : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLAS_COMPUTE_32F:
      product->rounding = handle_rounding(handle, product->a_type);
      return floats || halves ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      return floats || halves ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLAS_COMPUTE_32F_FAST_16F:
      product->rounding = Rounding::kF16;
      return floats ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLAS_COMPUTE_32F_FAST_16BF:
      product->rounding = Rounding::kBf16;
      return floats ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      product->rounding = Rounding::kTf32;
      return floats ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
      product->scalar_type = Element::kF64;
      product->in_double = true;
      return doubles ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
  }
  return CUBLAS_STATUS_NOT_SUPPORTED;
}

}  // namespace

// --- one type for all ---

#define CUBLAS_GEMM(letter, number, type)                                                         \
  CUBLAS_API cublasStatus_t cublas##letter##gemm_v2(                                              \
      cublasHandle_t handle, cublasOperation_t a_op, cublasOperation_t b_op, int m, int n, int k, \
      const number* alpha, const number* a, int lda, const number* b, int ldb,                    \
      const number* beta, number* c, int ldc) {                                                   \
    CUBLAS_ENTER("cublas" #letter "gemm", handle);                                                \
    Product product = plain(a_op, b_op, m, n, k, a, lda, b, ldb, c, ldc, type);                   \
    product.rounding = handle_rounding(handle, type);                                             \
    return enqueue(handle, "cublas" #letter "gemm", product, alpha, beta);                        \
  }                                                                                               \
  CUBLAS_API cublasStatus_t cublas##letter##gemmStridedBatched(                                   \
      cublasHandle_t handle, cublasOperation_t a_op, cublasOperation_t b_op, int m, int n, int k, \
      const number* alpha, const number* a, int lda, long long a_stride, const number* b,         \
      int ldb, long long b_stride, const number* beta, number* c, int ldc, long long c_stride,    \
      int batch) {                                                                                \
    CUBLAS_ENTER("cublas" #letter "gemmStridedBatched", handle);                                  \
    Product product = plain(a_op, b_op, m, n, k, a, lda, b, ldb, c, ldc, type);                   \
    product.rounding = handle_rounding(handle, type);                                             \
    product.a_stride = a_stride;                                                                  \
    product.b_stride = b_stride;                                                                  \
    product.c_stride = c_stride;                                                                  \
    product.batch = batch;                                                                        \
    return enqueue(handle, "cublas" #letter "gemmStridedBatched", product, alpha, beta);          \
  }

CUBLAS_GEMM(S, float, Element::kF32)
CUBLAS_GEMM(D, double, Element::kF64)

// --- mixed types ---

CUBLAS_API cublasStatus_t cublasGemmStridedBatchedEx(
    cublasHandle_t handle, cublasOperation_t a_op, cublasOperation_t b_op, int m, int n, int k,
    const void* alpha, const void* a, cudaDataType a_type, int lda, long long a_stride,
    const void* b, cudaDataType b_type, int ldb, long long b_stride, const void* beta, void* c,
    cudaDataType c_type, int ldc, long long c_stride, int batch, cublasComputeType_t compute,
    int) {
  CUBLAS_ENTER("cublasGemmStridedBatchedEx", handle);
  Product product = plain(a_op, b_op, m, n, k, a, lda, b, ldb, c, ldc, Element::kF32);
  product.a_stride = a_stride;
  product.b_stride = b_stride;
  product.c_stride = c_stride;
  product.batch = batch;
  if (cublasStatus_t status = set_types(handle, a_type, b_type, c_type, compute, &product)) {
    return status;
  }
  return enqueue(handle, "cublasGemmStridedBatchedEx", product, alpha, beta);
}

CUBLAS_API cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t a_op,
                                       cublasOperation_t b_op, int m, int n, int k,
                                       const void* alpha, const void* a, cudaDataType a_type,
                                       int lda, const void* b, cudaDataType b_type, int ldb,
                                       const void* beta, void* c, cudaDataType c_type, int ldc,
                                       cublasComputeType_t compute, int) {
  CUBLAS_ENTER("cublasGemmEx", handle);
  Product product = plain(a_op, b_op, m, n, k, a, lda, b, ldb, c, ldc, Element::kF32);
  if (cublasStatus_t status = set_types(handle, a_type, b_type, c_type, compute, &product)) {
    return status;
  }
  return enqueue(handle, "cublasGemmEx", product, alpha, beta);
}

CUBLAS_API cublasStatus_t cublasGemmBatchedEx(
    cublasHandle_t handle, cublasOperation_t a_op, cublasOperation_t b_op, int m, int n, int k,
    const void* alpha, const void* const* a, cudaDataType a_type, int lda, const void* const* b,
    cudaDataType b_type, int ldb, const void* beta, void* const* c, cudaDataType c_type, int ldc,
    int batch, cublasComputeType_t compute, int) {
  CUBLAS_ENTER("cublasGemmBatchedEx", handle);
  Product product = plain(a_op, b_op, m, n, k, a, lda, b, ldb, const_cast<void**>(c), ldc,
                          Element::kF32);
  product.batch = batch;
  product.pointers = true;
  if (cublasStatus_t status = set_types(handle, a_type, b_type, c_type, compute, &product)) {
    return status;
  }
  return enqueue(handle, "cublasGemmBatchedEx", product, alpha, beta);
}
