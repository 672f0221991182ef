// Kernels are compiled with -fsanitize=alignment: before each access the compiled code checks that
// the address suits the type, and calls these functions if it does not. (The names and structures
// are those that GCC's checks use; no sanitizer library is linked.)
#include <stdint.h>

#include <string>

#include "explain.h"
#include "worker.h"

namespace {

struct SourcePlace {
  const char* file;
  uint32_t line;
  uint32_t column;
};

struct TypeDescription {
  uint16_t kind;
  uint16_t info;
  char name[1];
};

struct MismatchedAccess {
  SourcePlace place;
  const TypeDescription* type;
  unsigned char log_alignment;
  unsigned char kind;  // 0 load, 1 store, more are references and members
};

[[noreturn]] void misaligned(const MismatchedAccess* access, uintptr_t address) {
  cudasim::Worker::current()->fail(
      CUDA_ERROR_MISALIGNED_ADDRESS,
      cudasim::format("%s %s at %s:%u through the address ",
                      access->kind == 1 ? "writes a" : "reads a", access->type->name,
                      access->place.file, access->place.line) +
          cudasim::explain_address(address) +
          cudasim::format(", which is no multiple of %u", 1u << access->log_alignment));
}

}  // namespace

CUDASIM_API void __ubsan_handle_type_mismatch_v1(const MismatchedAccess* access, uintptr_t address) {
  misaligned(access, address);
}

CUDASIM_API void __ubsan_handle_type_mismatch_v1_abort(const MismatchedAccess* access,
                                                       uintptr_t address) {
  misaligned(access, address);
}
