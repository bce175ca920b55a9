// Atomic operations on global memory; `old` gets what each thread found.
typedef unsigned long long U;
#define OF(name, type, operation) \
    extern "C" __global__ void name##_k(type *cell, type *old, const type *a, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { type x = a[i]; old[i] = operation; } \
    }
#define QUIET(name, type, operation) \
    extern "C" __global__ void name##_k(type *cell, type *old, const type *a, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { type x = a[i]; operation; } \
    }

OF(add, int, atomicAdd(cell + (i & 3), x))
OF(sub, int, atomicSub(cell, x))
OF(exch, int, atomicExch(cell + i, x))
OF(min_s, int, atomicMin(cell, x))
OF(max_s, int, atomicMax(cell, x))
OF(min_u, unsigned, atomicMin(cell, x))
OF(max_u, unsigned, atomicMax(cell, x))
OF(and_b, int, atomicAnd(cell, x | 0xf))
OF(or_b, int, atomicOr(cell, x & 0xf0f))
OF(xor_b, int, atomicXor(cell, x))
OF(inc, unsigned, atomicInc(cell, 20u))
OF(dec, unsigned, atomicDec(cell, 20u))
OF(cas, int, atomicCAS(cell + (i >> 1), 0, x | 1))
OF(add_u64, U, atomicAdd(cell, x))
OF(max_u64, U, atomicMax(cell, x))
OF(cas_u64, U, atomicCAS(cell + i, x & ~1ull, 5ull))
OF(exch_u64, U, atomicExch(cell + i, x))
OF(add_f32, float, atomicAdd(cell + i, x))
OF(add_f64, double, atomicAdd(cell + i, x))
QUIET(red_add, int, atomicAdd(cell + (i & 7), x))
QUIET(red_max, int, atomicMax(cell, x))
QUIET(red_or, int, atomicOr(cell, x))
QUIET(red_add_f32, float, atomicAdd(cell + (i & 1), x))
QUIET(red_add_f64, double, atomicAdd(cell, x))
QUIET(red_add_u64, U, atomicAdd(cell, x))
QUIET(same_add, int, atomicAdd(cell, 1))
