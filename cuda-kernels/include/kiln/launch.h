// What launchers share: the context, modules loaded on first use, kernels found once, launches.
// Plain C++; libcuda is found by dlsym and never linked.
#pragma once

#include <stdio.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "kiln/geometry.h"
#include "kiln/report.h"
#include "kiln_kernels.h"

namespace kiln {

// The driver's functions that launchers call; their types are as in cuda.h.
struct DriverCalls {
  int (*set_current)(void* context);
  int (*load_module)(void** module, const void* image, unsigned options, int* keys, void** values);
  int (*unload_module)(void* module);
  int (*get_function)(void** function, void* module, const char* name);
  int (*set_function_attribute)(void* function, int attribute, int value);
  int (*launch_kernel)(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                       unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                       void* stream, void** parameters, void** extra);
  int (*copy_on_device)(uint64_t to, uint64_t from, size_t bytes, void* stream);
  int (*set_bytes)(uint64_t to, unsigned char value, size_t count, void* stream);
  int (*synchronize)(void* stream);
};

// A family as far as it is loaded: the module of each image, and the kernels found in them so far.
// An image holds the kernels of one element type, the last those of none, so that work in one type
// loads, and a driver compiles, nothing of the others.
struct Modules {
  void* handles[KILN_TYPES + 1] = {};
  std::vector<void*> functions;
};

// One device as launchers see it.
struct Context {
  DriverCalls driver = {};
  int64_t serial = 0;
  void* cu_context = nullptr;
  void* stream = nullptr;
  std::string images;
  std::string extensions;  // of the images, the preferred first, with commas between
  int multiprocessors = 1;
  bool sync = false;
  std::vector<Modules> modules;  // by Family::number
  IndexRecord* index_record = nullptr;
  int32_t* index_flag = nullptr;
  int64_t index_launches = 0;

  static Context& of(int64_t handle) { return *reinterpret_cast<Context*>(handle); }

  int make_current();

  // What a kernel that checks indices is told.
  IndexReport report(int64_t op, int64_t axis, int64_t size) {
    return {index_record, index_flag, ++index_launches, op, axis, size};
  }
};

// Keeps a text for kiln_last_error and returns the status.
int fail(int status, const std::string& text);

// A kernel that is ready to launch, or the reason why not.
struct Kernel {
  void* function;
  int status;
};

// The kernels of one .cu file, as a static object in it: static kiln::Family family("softmax").
class Family {
 public:
  explicit Family(const char* name);

  // The kernel of a name that is printed like printf. `slot` is its number in the family, any small
  // number that no other kernel of the family has; the name is only made on first use.
  template <class... Parts>
  Kernel kernel(Context& context, int slot, const char* format, Parts... parts) const {
    if (static_cast<size_t>(number_) < context.modules.size()) {
      const std::vector<void*>& found = context.modules[number_].functions;
      if (static_cast<size_t>(slot) < found.size() && found[slot] != nullptr) {
        return {found[slot], KILN_OK};
      }
    }
    char name[128];
    snprintf(name, sizeof name, format, parts...);
    return find(context, slot, name);
  }

 private:
  Kernel find(Context& context, int slot, const char* name) const;

  const char* name_;
  int number_;
};

constexpr int BLOCK = 256;

// Blocks for `threads` threads of work: as many as it takes, but no more than keep the device busy,
// since kernels loop over the grid. 32 blocks of 256 threads fill a multiprocessor four times.
inline unsigned grid_for(const Context& context, int64_t threads) {
  int64_t needed = (threads + BLOCK - 1) / BLOCK;
  int64_t most = static_cast<int64_t>(context.multiprocessors) * 32;
  return static_cast<unsigned>(needed < most ? needed : most);
}

// Blocks for map_dense over an operand of so many bytes: a thread for each 16 of them.
inline unsigned grid_for_bytes(const Context& context, int64_t bytes) {
  return grid_for(context, (bytes + 15) / 16);
}

// Blocks for map_strided over so many elements.
inline unsigned grid_for_strided(const Context& context, uint32_t count) {
  return grid_for(context, (int64_t{count} + 3) / 4);
}

int launch_raw(Context& context, const Kernel& kernel, unsigned grid_x, unsigned grid_y,
               unsigned block, unsigned shared, void** parameters);

// Launches a kernel. The arguments' types must be exactly those of the kernel's parameters: device
// addresses and int64_t as int64_t, uint32_t as uint32_t, geometries by value.
template <class... Args>
int launch(Context& context, const Kernel& kernel, unsigned grid, unsigned block, unsigned shared,
           Args... arguments) {
  void* parameters[] = {static_cast<void*>(&arguments)...};
  return launch_raw(context, kernel, grid, 1, block, shared, parameters);
}

// Copies bytes within the device, on the context's stream.
int copy_on_device(Context& context, int64_t to, int64_t from, int64_t bytes);

// ---- Geometries ----

// A geometry as Java wrote it; its elements may be more than 2^31.
class Layout {
 public:
  explicit Layout(int64_t address) : longs_(reinterpret_cast<const int64_t*>(address)) {}

  int rank() const { return static_cast<int>(longs_[0]); }
  int64_t size(int axis) const { return longs_[1 + axis]; }
  int64_t stride(int operand, int axis) const {
    return longs_[1 + MAX_RANK * (1 + operand) + axis];
  }
  int64_t count() const {
    int64_t n = 1;
    for (int axis = 0; axis < rank(); axis++) {
      n *= size(axis);
    }
    return n;
  }
  // Whether the first operands are all dense.
  bool dense(int operands) const {
    if (rank() != 1) {
      return rank() == 0;
    }
    for (int k = 0; k < operands; k++) {
      if (stride(k, 0) != 1) {
        return false;
      }
    }
    return true;
  }

 private:
  const int64_t* longs_;
};

// Cuts a layout into pieces of fewer than 2^31 elements, so that kernels count in 32 bits, and
// calls f(geometry, offsets) for each, with each operand's first element in the offsets.
template <int OPERANDS, class F>
int for_each_piece(const Layout& layout, F f) {
  constexpr int64_t MOST = int64_t{1} << 30;
  int64_t sizes[MAX_RANK];
  int64_t first[MAX_RANK] = {};
  int64_t piece[MAX_RANK];
  int64_t count = 1;
  for (int axis = layout.rank() - 1; axis >= 0; axis--) {
    sizes[axis] = layout.size(axis);
    if (sizes[axis] == 0) {
      return KILN_OK;
    }
    int64_t room = MOST / count;
    piece[axis] = sizes[axis] < room ? sizes[axis] : room;
    count *= piece[axis];
  }
  for (;;) {
    Geometry<OPERANDS> g = {};
    int64_t offsets[OPERANDS] = {};
    g.rank = layout.rank();
    g.count = 1;
    for (int axis = 0; axis < layout.rank(); axis++) {
      int64_t left = sizes[axis] - first[axis];
      uint32_t size = static_cast<uint32_t>(left < piece[axis] ? left : piece[axis]);
      g.sizes[axis] = Divider::of(size);
      g.count *= size;
      for (int k = 0; k < OPERANDS; k++) {
        g.strides[k][axis] = layout.stride(k, axis);
        offsets[k] += first[axis] * layout.stride(k, axis);
      }
    }
    int status = f(g, offsets);
    if (status != KILN_OK) {
      return status;
    }
    int axis = layout.rank() - 1;
    for (; axis >= 0; axis--) {
      first[axis] += piece[axis];
      if (first[axis] < sizes[axis]) {
        break;
      }
      first[axis] = 0;
    }
    if (axis < 0) {
      return KILN_OK;
    }
  }
}

// ---- Names of types ----

constexpr const char* TYPE_NAMES[KILN_TYPES] = {"f32", "f64", "i32",  "i64",
                                                "u8",  "bool", "bf16", "f16"};
constexpr int TYPE_BYTES[KILN_TYPES] = {4, 8, 4, 8, 1, 1, 2, 2};

inline bool is_floating(int type) {
  return type == KILN_F32 || type == KILN_F64 || type == KILN_BF16 || type == KILN_F16;
}

}  // namespace kiln
