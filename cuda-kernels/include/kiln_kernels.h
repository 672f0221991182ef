// The launchers of Kiln's CUDA kernels: one function for each op. Java calls them through JavaCPP,
// so all parameters are primitive: contexts, device addresses and geometries travel as int64_t.
//
// All of them
//   - take the context first, then outputs, then inputs, then sizes and parameters;
//   - put the work on the context's stream and return without waiting (with KILN_SYNC=1 they wait);
//   - work for every size, 0 included, and every alignment that the element type allows;
//   - return KILN_OK, a status of KILN_* below, or the CUresult of the driver call that failed.
//
// A geometry is the address of int64_t's: the rank (0 to 6), the sizes from the outermost axis on,
// then for each operand, outputs first, its strides in elements; sizes and strides fill 6 places
// each. Java merges axes before: operands that are all dense come as one axis of strides 1.
#pragma once

#include <stdint.h>

// Element types, numbered as dev.kiln.DType is.
enum {
  KILN_F32 = 0,
  KILN_F64 = 1,
  KILN_I32 = 2,
  KILN_I64 = 3,
  KILN_U8 = 4,
  KILN_BOOL = 5,
  KILN_BF16 = 6,
  KILN_F16 = 7,
  KILN_TYPES = 8
};

enum {
  KILN_OK = 0,
  KILN_NO_IMAGE = 10001,     // no compiled kernels of a family in the context's folder
  KILN_NO_KERNEL = 10002,    // the family has no kernel of this name
  KILN_BAD_ARGUMENT = 10003  // a type or op that no kernel exists for; kiln_last_error names it
};

// What an index outside its axis is reported for; the numbers of dev.kiln.cuda.IndexErrors.
enum {
  KILN_OP_GATHER = 0,
  KILN_OP_SCATTER_ADD = 1,
  KILN_OP_SCATTER = 2,
  KILN_OP_CROSS_ENTROPY = 3,  // its axis is the label that is ignored
  KILN_OP_NLL_LOSS = 4        // likewise
};

#ifdef __cplusplus
extern "C" {
#endif

// ---- Context (context.cpp) ----

// Opens launchers on one device: the path of libcuda, the folder with kernel images and their file
// name extensions, CUcontext and CUstream. The extensions ("ptx", "fatbin,ptx", or "so" for the
// simulated device) are tried in this order, for each image on its own. Returns 0 on failure;
// kiln_last_error says why.
int64_t kiln_open(const char* libcuda, const char* images, const char* extensions,
                  int64_t cu_context, int64_t cu_stream, int multiprocessors, int sync);
void kiln_close(int64_t context);

// Makes the device's context current on the calling thread, for calls to other libraries.
int kiln_make_current(int64_t context);

// What the last failed call on this thread has to say beyond its status; "" if nothing.
const char* kiln_last_error();

// The address of a direct buffer, for geometries.
int64_t kiln_address(void* buffer);

// Where kernels report indices outside their axis: a kiln::IndexRecord in device memory, all 0, and
// an int32_t in host memory that the device can write.
void kiln_report_to(int64_t context, int64_t record, int64_t flag);

// ---- fill.cu ----

// out = value, converted as Java converts.
int kiln_fill(int64_t context, int type, int64_t out, double value, int64_t geometry);
// out = x, converted from type to type; geometry of out, x.
int kiln_copy(int64_t context, int out_type, int x_type, int64_t out, int64_t x, int64_t geometry);

// ---- unary.cu ----

// The number of a constant of dev.kiln.backend.UnaryOp; -1 if there is no such kernel.
int kiln_unary_op(const char* name);
// Whether an op has kernels for integers.
int kiln_unary_on_integers(int op);
// out = f(x; a, b) for n dense elements. Integer types: exact ops only (see unary.cu).
int kiln_unary(int64_t context, int op, int type, int64_t out, int64_t x, int64_t n, double a,
               double b);
// dx = dy f'(saved; a, b) for n dense elements of a floating type.
int kiln_unary_grad(int64_t context, int op, int type, int64_t dx, int64_t dy, int64_t saved,
                    int64_t n, double a, double b);

// ---- math.cu ----

// The number of a constant of dev.kiln.backend.MathOp; -1 if there is no such kernel.
int kiln_math_op(const char* name);
// out = f(x; a) for n dense elements of a floating type.
int kiln_math(int64_t context, int op, int type, int64_t out, int64_t x, int64_t n, double a);

// ---- binary.cu ----

// The number of a constant of dev.kiln.backend.BinaryOp; -1 if there is no such kernel.
int kiln_binary_op(const char* name);
// out = f(a, b), operands of one type, predicates to BOOL; geometry of out, a, b. ATAN2 and HYPOT of
// floating types, operations on bits of integers and BOOL.
int kiln_binary(int64_t context, int op, int type, int64_t out, int64_t a, int64_t b,
                int64_t geometry);
// out = condition ? a : b for elements of 1, 2, 4 or 8 bytes; geometry of out, condition, a, b.
int kiln_where(int64_t context, int bytes, int64_t out, int64_t condition, int64_t a, int64_t b,
               int64_t geometry);

// ---- reduce.cu ----

// The number of a constant of dev.kiln.backend.ReduceOp; -1 if there is no such kernel.
int kiln_reduce_op(const char* name);
// The bytes of device memory that kiln_reduce needs beside its operands.
int64_t kiln_reduce_scratch(int op, int type, int64_t geometry);
// out = op over the reduced axes of x; geometry of out, with strides 0 along those, and x. At least
// one element. x is floating or INT64 (MEAN: floating), BOOL for ANY and ALL; out is of x's type,
// INT64 for ARGMAX and ARGMIN.
int kiln_reduce(int64_t context, int op, int type, int64_t out, int64_t x, int64_t scratch,
                int64_t geometry);

// ---- gather.cu ----

// out = x picked by INT64 index along an axis of so many elements, for elements of 1, 2, 4 or 8
// bytes; geometry of out (and index), x with stride 0 along the axis. Indices outside are reported
// as of op (KILN_OP_GATHER or KILN_OP_NLL_LOSS) and axis.
int kiln_gather(int64_t context, int bytes, int64_t out, int64_t x, int64_t index, int op,
                int64_t axis, int64_t size, int64_t axis_stride, int64_t geometry);
// The bytes of device memory that kiln_scatter_add needs beside its operands; may be 0.
int64_t kiln_scatter_add_scratch(int64_t n, int64_t geometry);
// out += src at index, n elements to a line; size is that of the axis in out; geometry of out, src,
// both without the axis. Not for 16-bit types.
int kiln_scatter_add(int64_t context, int type, int64_t out, int64_t src, int64_t index,
                     int64_t scratch, int axis, int64_t size, int64_t n, int64_t src_stride,
                     int64_t out_stride, int64_t geometry);
// The number of a constant of dev.kiln.backend.ScatterOp; -1 if there is no such kernel.
int kiln_scatter_op(const char* name);
// The same with another way for an element to meet what stands in its place, for all types.
int kiln_scatter(int64_t context, int op, int type, int64_t out, int64_t src, int64_t index,
                 int axis, int64_t size, int64_t n, int64_t src_stride, int64_t out_stride,
                 int64_t geometry);

// ---- slices.cu ----

// out[outer][n][inner] = x[outer][size][inner] picked by index[n] (INT64), for elements of 1, 2, 4 or
// 8 bytes. Indices outside are reported as of this axis.
int kiln_gather_slices(int64_t context, int bytes, int64_t out, int64_t x, int64_t index, int axis,
                       int64_t outer, int64_t n, int64_t inner, int64_t size);
// The bytes of device memory that kiln_scatter_add_slices needs beside its operands.
int64_t kiln_scatter_add_slices_scratch(int64_t n);
// out[outer][size][inner] += src[outer][n][inner] at index[n], fewer than 2^31 slices, for all types.
int kiln_scatter_add_slices(int64_t context, int type, int64_t out, int64_t src, int64_t index,
                            int64_t scratch, int axis, int64_t outer, int64_t n, int64_t inner,
                            int64_t size);

// ---- sort.cu ----

// The bytes of device memory that kiln_sort needs beside its operands.
int64_t kiln_sort_scratch(int64_t rows, int64_t n);
// values[rows][k], index[rows][k] (INT64): the first k of each row of x[rows][n] in order.
int kiln_sort(int64_t context, int type, int64_t values, int64_t index, int64_t x, int64_t scratch,
              int64_t rows, int64_t n, int64_t k, int descending);

// ---- scan.cu ----

// The number of a constant of dev.kiln.backend.ScanOp; -1 if there is no such kernel.
int kiln_scan_op(const char* name);
// out[outer][n][inner] = x combined along n; floats and INT64, LOGSUMEXP floats; positions INT64.
int kiln_scan(int64_t context, int op, int type, int64_t out, int64_t x, int64_t outer, int64_t n,
              int64_t inner);

// ---- random.cu ----

// The number of a constant of dev.kiln.backend.Dist; -1 if there is no such kernel.
int kiln_random_dist(const char* name);
// n random numbers of a floating type from the state (seed, stream, counter), whose counter moves
// on by so many blocks.
int kiln_random(int64_t context, int dist, int type, int64_t out, int64_t n, int64_t state,
                int64_t blocks, double a, double b);

// ---- matmul.cu ----

// out[rows][columns] = f(out + bias) for floats; bias may be 0; f is max(., 0) if relu is not 0.
int kiln_epilogue(int64_t context, int type, int64_t out, int64_t bias, int64_t rows,
                  int64_t columns, int relu);
// out[images][channels][pixels] = f(out + bias[channel]), fewer than 2^31 elements, as above.
int kiln_channel_epilogue(int64_t context, int type, int64_t out, int64_t bias, int64_t images,
                          int64_t channels, int64_t pixels, int relu);
// out[batches][m][n] = f(alpha a b + beta out + bias) for integers and BOOL; the strides of a and b
// in elements along batches, rows and columns of the product's operands; bias may be 0.
int kiln_integer_matmul(int64_t context, int type, int64_t out, int64_t a, int64_t b, int64_t bias,
                        int64_t batches, int64_t m, int64_t n, int64_t k, int64_t a_batch,
                        int64_t a_row, int64_t a_column, int64_t b_batch, int64_t b_row,
                        int64_t b_column, int64_t alpha, int64_t beta, int relu);

// ---- softmax.cu ----

// y = softmax of each row of x[rows][n], or its logarithm if log is not 0.
int kiln_softmax(int64_t context, int type, int64_t y, int64_t x, int64_t rows, int64_t n, int log);
// dx from dy and the result y.
int kiln_softmax_grad(int64_t context, int type, int64_t dx, int64_t dy, int64_t y, int64_t rows,
                      int64_t n, int log);

// ---- cross_entropy.cu ----

// loss[rows] and logp[rows][n] of x[rows][n] and INT64 labels target[rows]; weight[n] may be 0.
int kiln_cross_entropy(int64_t context, int type, int64_t loss, int64_t logp, int64_t x,
                       int64_t target, int64_t weight, int64_t rows, int64_t n, double smoothing,
                       int64_t ignored);
// dx from dloss[rows] and logp.
int kiln_cross_entropy_grad(int64_t context, int type, int64_t dx, int64_t dloss, int64_t logp,
                            int64_t target, int64_t weight, int64_t rows, int64_t n,
                            double smoothing, int64_t ignored);

// ---- batch_norm.cu ----
// mean and inv_std, here and in layer_norm.cu, are of the type that the others are computed in:
// float for the 16-bit types.

// The bytes of device memory that the two below need beside their operands.
int64_t kiln_batch_norm_scratch(int64_t images, int64_t channels, int64_t inner);
// y = x[images][channels][inner] normalised by each channel's statistics, which go to mean and
// inv_std, and into the running ones; those, weight and bias may be 0.
int kiln_batch_norm(int64_t context, int type, int64_t y, int64_t mean, int64_t inv_std,
                    int64_t running_mean, int64_t running_var, int64_t x, int64_t weight,
                    int64_t bias, int64_t scratch, int64_t images, int64_t channels, int64_t inner,
                    double momentum, double eps);
// dx, dweight and dbias from dy, x and what was saved.
int kiln_batch_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight, int64_t dbias,
                         int64_t dy, int64_t x, int64_t weight, int64_t mean, int64_t inv_std,
                         int64_t scratch, int64_t images, int64_t channels, int64_t inner);
// y = (x - mean) / sqrt(variance + eps) weight + bias for each channel, each of which may be 0.
int kiln_channel_affine(int64_t context, int type, int64_t y, int64_t x, int64_t mean,
                        int64_t variance, int64_t weight, int64_t bias, int64_t images,
                        int64_t channels, int64_t inner, double eps);

// ---- layer_norm.cu ----

// The bytes of device memory that the gradients below need beside their operands.
int64_t kiln_layer_norm_grad_scratch(int64_t rows, int64_t n);
// y = rows of x[rows][n] normalised by their mean and variance, which go to mean and inv_std;
// weight[n] and bias[n] may be 0.
int kiln_layer_norm(int64_t context, int type, int64_t y, int64_t mean, int64_t inv_std, int64_t x,
                    int64_t weight, int64_t bias, int64_t rows, int64_t n, double eps);
// dx, dweight[n] and dbias[n] from dy, x and what was saved.
int kiln_layer_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight, int64_t dbias,
                         int64_t dy, int64_t x, int64_t weight, int64_t mean, int64_t inv_std,
                         int64_t scratch, int64_t rows, int64_t n);
// y = rows of x[rows][n] over their root mean square, times weight[n], which may be 0.
int kiln_rms_norm(int64_t context, int type, int64_t y, int64_t inv_rms, int64_t x, int64_t weight,
                  int64_t rows, int64_t n, double eps);
// dx and dweight[n] from dy, x and inv_rms.
int kiln_rms_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight, int64_t dy,
                       int64_t x, int64_t weight, int64_t inv_rms, int64_t scratch, int64_t rows,
                       int64_t n);
// y = x[images][groups][channels][inner], each group of an image normalised by its mean and
// variance, which go to mean and inv_std[images][groups]; weight and bias[groups][channels] may be 0.
int kiln_group_norm(int64_t context, int type, int64_t y, int64_t mean, int64_t inv_std, int64_t x,
                    int64_t weight, int64_t bias, int64_t images, int64_t groups, int64_t channels,
                    int64_t inner, double eps);
// The bytes of device memory that the gradients need beside their operands.
int64_t kiln_group_norm_grad_scratch(int64_t images, int64_t groups, int64_t channels);
// dx, dweight and dbias from dy, x and what was saved.
int kiln_group_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight, int64_t dbias,
                         int64_t dy, int64_t x, int64_t weight, int64_t mean, int64_t inv_std,
                         int64_t scratch, int64_t images, int64_t groups, int64_t channels,
                         int64_t inner);

// ---- optimizer.cu ----

// The number of a constant of dev.kiln.backend.OptimizerKind; -1 if there is no such kernel.
int kiln_optimizer_kind(const char* name);
// One step over n elements of a floating type: p and the states s0 to s2 (0 where the settings do
// not use one) are changed in place; hyper is FLOAT64.
int kiln_optimizer_step(int64_t context, int kind, int type, int64_t p, int64_t grad, int64_t s0,
                        int64_t s1, int64_t s2, int64_t n, int64_t hyper);
// Begins a step: the scale in hyper becomes that at factor (FLOAT64; 1 for the address 0) with the
// sign it had, and the step is counted unless that is 0.
int kiln_optimizer_clock(int64_t context, int64_t hyper, int64_t factor);

// ---- gradients.cu ----

// Pieces of memory are given as the address of int64_t's: their number, then for each its address,
// its elements and its (floating) type. Launches are few where those of a type follow each other.

// The bytes of device memory that kiln_gradient_norm needs beside its operands.
int64_t kiln_gradient_norm_scratch(int64_t parts);
// out[0] = the norm of all elements as one vector, out[1] = min(1, max_norm / (norm + eps)); FLOAT64.
int kiln_gradient_norm(int64_t context, int64_t out, int64_t parts, int64_t scratch,
                       double max_norm, double eps);
// Multiplies all elements by the FLOAT64 number at factor.
int kiln_scale(int64_t context, int64_t parts, int64_t factor);
// The FLOAT64 number at found = 1 if any element is infinite or NaN, else 0.
int kiln_nonfinite(int64_t context, int64_t found, int64_t parts);
// factor = 0 if found is not 0, else 1 / scale, or 1 if the address of the scale is 0; FLOAT64.
int kiln_loss_scale_factor(int64_t context, int64_t factor, int64_t found, int64_t scale);
// Makes the scale smaller if found is not 0, else larger after `interval` calls; FLOAT64.
int kiln_loss_scale_update(int64_t context, int64_t scale, int64_t tracker, int64_t found,
                           double growth, double backoff, double interval, double largest);

// ---- pool.cu ----

// Sizes are given as the address of int64_t's: planes, h, w, oh, ow; then for windows, rows first:
// kernel, stride, padding, dilation (two each), and whether padding counts in means. Floating types.

// y and index (INT32), windows of x.
int kiln_max_pool(int64_t context, int type, int64_t y, int64_t index, int64_t x, int64_t sizes);
int kiln_max_pool_grad(int64_t context, int type, int64_t dx, int64_t dy, int64_t index,
                       int64_t sizes);
int kiln_avg_pool(int64_t context, int type, int64_t y, int64_t x, int64_t sizes);
int kiln_avg_pool_grad(int64_t context, int type, int64_t dx, int64_t dy, int64_t sizes);
// y of x, or dx of dy if grad is not 0. (h + 1)(oh + 1) and (w + 1)(ow + 1) must be below 2^31.
int kiln_adaptive_avg_pool(int64_t context, int type, int grad, int64_t result, int64_t operand,
                           int64_t sizes);

// ---- accuracy.cu ----

// Adds to the INT64 counters right and all: of the examples of x[n][classes][inner] with INT64 labels
// target[n][inner] other than `ignore`, those whose class is among the k highest, and all of them. If
// argmax is not 0, hits are those of argmax.
int kiln_count_correct(int64_t context, int type, int64_t right, int64_t all, int64_t x,
                       int64_t target, int64_t n, int64_t classes, int64_t inner, int64_t k,
                       int64_t ignore, int argmax);
// ---- augment.cu ----

// Images [images][channels][h][w], u8 or f32, to [images][channels][oh][ow], f32, bf16 or f16, read at
// theta[images][6]; fill[channels] or 0; nearest 0: bilinear; padding: the ordinal of
// dev.kiln.backend.Sampling.Padding.
int kiln_affine_sample(int64_t context, int out_type, int x_type, int64_t out, int64_t x,
                       int64_t theta, int64_t fill, int64_t images, int64_t channels, int64_t h,
                       int64_t w, int64_t oh, int64_t ow, int nearest, int padding);
// Images of the same types through steps[images][count][6], of dev.kiln.backend.PixelOp;
// channel_values[channels][2]; keys[images][2] (INT64); first: the number of the first step;
// measures: whether a step may need to have seen the whole image. out may be x.
int kiln_transform_pixels(int64_t context, int out_type, int x_type, int64_t out, int64_t x,
                          int64_t steps, int64_t channel_values, int64_t keys, int64_t images,
                          int64_t channels, int64_t h, int64_t w, int count, int64_t first,
                          int measures);

#ifdef __cplusplus
}
#endif
