// One stub for each function of cuBLAS: it jumps on to wherever the function's slot points, and
// touches neither arguments nor stack, so it needs to know nothing of the function's signature.
#if !defined(__x86_64__)
#error "the bridge is written for x86-64"
#endif

        .section .rodata
        .globl  kiln_bridge_names
        .hidden kiln_bridge_names
kiln_bridge_names:
#define CUBLAS(name) .asciz #name
#include "cublas.inc"
#undef CUBLAS
        .byte   0

        .section .data
        .balign 8
        .globl  kiln_bridge_slots
        .hidden kiln_bridge_slots
kiln_bridge_slots:
#define CUBLAS(name) .L##name: .quad kiln_bridge_missing
#include "cublas.inc"
#undef CUBLAS

        .text
#define CUBLAS(name) \
        .globl name; .type name, @function; .balign 16; \
        name: endbr64; jmp *.L##name(%rip); .size name, . - name
#include "cublas.inc"

        .section .note.GNU-stack, "", @progbits
