// Arithmetic between a dense operand and a vector along one of its axes, for binary.cu.
#pragma once

#include "kiln/launch.h"

namespace kiln {

// Launches out = a op b and sets the status, if broadcast.cu has a kernel for the op (its name in
// kernels) and for how the operands (out, a, b) lie; else returns false.
bool broadcast(Context& context, const char* op, int type, int64_t out, int64_t a, int64_t b,
               const Layout& layout, int& status);

}  // namespace kiln
