// What tests may ask of the simulated device. The functions are exported by the stand-in
// libcuda.so.1; names of functions are the driver's without "_v2", and "*" stands for all.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The nth call of the function from now on (1: the next) returns the status and does nothing, and
// so do the calls after it, `times` in all (-1: for ever).
void cuSimFail(const char* function, int64_t nth, int64_t times, int status);

// The nth call succeeds, and its work fails on the device: the next call finds the status.
void cuSimFailLater(const char* function, int64_t nth, int status);

// Takes back what cuSimFail and cuSimFailLater have ordered and not yet got.
void cuSimClearFailures(void);

// Calls since the last reset.
int64_t cuSimCalls(const char* function);

// Copies the names of the functions called since the last reset, a space between, in alphabetical
// order, cut to the length; returns their full length.
size_t cuSimCalled(char* text, size_t length);
void cuSimResetCalls(void);

// Copies the text of the latest problem, cut to the length; returns its full length, 0 for none.
size_t cuSimReport(char* text, size_t length);
void cuSimClearReport(void);

// Forgets the errors of all contexts, so that one test's error does not end the next one.
void cuSimHeal(void);

// Bytes of device memory that there are, are in use, have been in use at most.
void cuSimSetTotalMemory(size_t bytes);
size_t cuSimMemoryUsed(void);
size_t cuSimMemoryPeak(void);
void cuSimResetMemoryPeak(void);
size_t cuSimAllocations(void);

// Runs threads, blocks and independent nodes of graphs in reverse; 0: forward again.
void cuSimSetReverse(int reverse);

// Does the work of streams only when something waits for it; 0: at once again.
void cuSimSetDeferred(int deferred);

// Runs the blocks of large grids on so many OS threads.
void cuSimSetThreads(unsigned threads);

// Prints no problems on stderr; cuSimReport still tells them.
void cuSimSetQuiet(int quiet);

#ifdef __cplusplus
}
#endif
