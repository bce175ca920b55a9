// Half precision: two numbers in a word, and single ones.
#include <cuda_fp16.h>
#define PAIRS(name, expression) \
    extern "C" __global__ void name##_k(__half2 *out, const __half2 *a, const __half2 *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { __half2 x = a[i], y = b[i]; out[i] = expression; } \
    }
#define OF(name, type, expression) \
    extern "C" __global__ void name##_k(type *out, const __half *a, const __half *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { __half x = a[i], y = b[i]; out[i] = expression; } \
    }
PAIRS(add2, __hadd2(x, y))
PAIRS(sub2, __hsub2(x, y))
PAIRS(mul2, __hmul2(x, y))
PAIRS(fma2, __hfma2(x, y, x))
PAIRS(neg2, __hneg2(x))
PAIRS(sat2, __hadd2_sat(x, y))
PAIRS(gt2, __hgt2(x, y))
PAIRS(eq2, __heq2(x, y))
PAIRS(swap2, __lowhigh2highlow(x))
OF(add, __half, __hadd(x, y))
OF(mul, __half, __hmul(x, y))
OF(fma_, __half, __hfma(x, y, x))
OF(to_float, float, __half2float(x) + __half2float(y))
OF(from_float, __half, __float2half_rn(__half2float(x) * __half2float(y)))
OF(from_float_zero, __half, __float2half_rz(__half2float(x) * __half2float(y)))
OF(to_int, int, __half2int_rz(x))
OF(from_int, __half, __int2half_rn(__half_as_short(x)))
OF(less, int, __hlt(x, y) + 2 * __hge(x, y) + 4 * __hne(x, y) + 8 * __hisnan(x))
OF(floor_, __half, hfloor(x))
OF(divide, __half, __hdiv(x, y))
OF(root, __half, hsqrt(x))
