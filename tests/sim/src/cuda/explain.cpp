#include "explain.h"

#include <stdarg.h>
#include <stdio.h>

#include "memory.h"

namespace cudasim {

std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string explain_address(uintptr_t address) { return Memory::get().explain(address); }

}  // namespace cudasim
