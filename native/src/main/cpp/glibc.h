// Included first by all native code: lets what is built on a new system run on older ones.
//
// Since glibc 2.34 the linker finds these functions under a new version, which older systems lack;
// the version that they have had from the start is still there, in libdl or libc.
#pragma once

#if defined(__linux__) && defined(__x86_64__) && !defined(__ASSEMBLER__)
#include <features.h>
#if defined(__GLIBC__)
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
__asm__(".symver dlerror, dlerror@GLIBC_2.2.5");
__asm__(".symver dlclose, dlclose@GLIBC_2.2.5");
#endif
#endif
