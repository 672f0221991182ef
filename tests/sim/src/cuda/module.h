// Module images: shared objects made from .cu files, loaded from memory as a driver loads a cubin.
#pragma once

#include <cudasim/entry.h>

#include <map>
#include <memory>
#include <string>

#include "driver_types.h"
#include "worker.h"

namespace cudasim {

struct Function {
  Module* module;
  const KernelEntry* entry;
  unsigned max_dynamic_shared = 48 * 1024;  // more only after cuFuncSetAttribute, as on a GPU
  int carveout = -1;
};

struct Module {
  void* image = nullptr;  // of dlopen
  int file = -1;
  SharedImage shared;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

bool is_function(const Function* function);

}  // namespace cudasim
