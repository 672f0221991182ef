// How the stand-ins of other CUDA libraries work with the simulated driver: their calls are counted
// and can be ordered to fail like the driver's, and their work goes through streams, captures and
// graphs like kernels do.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// A function of the library, made once for each.
void* cudasim_new_site(const char* name);

// To be called first by the function. Returns the status that a test has ordered it to return
// (the library's own), or 0.
int cudasim_enter_library(void* site);

// 0, or the driver's status that says why the library cannot work now: no context, an earlier error
// of the device, or (with `synchronous`) a capture that forbids what may wait or allocate.
int cudasim_library_status(int synchronous);

// Gives work to a stream. run gets its own copy of the arguments, perhaps much later and more than
// once. Words in the arguments that are device addresses are checked for writes out of bounds.
// Returns the driver's status.
int cudasim_enqueue(void* stream, const char* name, void (*run)(void* arguments),
                    const void* arguments, size_t bytes);

// 0 if all the bytes lie in one live allocation, else an explained CUDA_ERROR_INVALID_VALUE.
int cudasim_check_range(const void* address, size_t bytes);

// Adds to the report that tests and people read.
void cudasim_report(const char* text);

#ifdef __cplusplus
}
#endif
