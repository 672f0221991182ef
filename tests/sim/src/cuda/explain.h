// Texts for people who look for the error that the simulator has found.
#pragma once

#include <stdint.h>

#include <string>

namespace cudasim {

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

// An address in words: inside or beside which allocation, and how far from its end.
std::string explain_address(uintptr_t address);

}  // namespace cudasim
