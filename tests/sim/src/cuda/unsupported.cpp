// The answer of the functions that the JNI libraries import and the simulator does not have; each
// is a weak symbol made by the build, so a function written here takes its place.
#include "context.h"

CUDASIM_API int cudasim_unsupported(const char* function, int status) {
  cudasim::report(std::string(function) + " is not simulated");
  return status;
}
