// Float32 functions of CUDA's mathematical library, one kernel each.
#define UNARY(name) \
    extern "C" __global__ void name##_k(float *out, const float *a, const float *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) out[i] = name(a[i]); \
    }
#define BINARY(name, expression) \
    extern "C" __global__ void name##_k(float *out, const float *a, const float *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { float x = a[i], y = b[i]; out[i] = expression; } \
    }

UNARY(expf)
UNARY(exp2f)
UNARY(expm1f)
UNARY(logf)
UNARY(log2f)
UNARY(log10f)
UNARY(log1pf)
UNARY(sinf)
UNARY(cosf)
UNARY(tanf)
UNARY(tanhf)
UNARY(sinhf)
UNARY(asinf)
UNARY(atanf)
UNARY(erff)
UNARY(cbrtf)
UNARY(sqrtf)
UNARY(rsqrtf)
UNARY(floorf)
UNARY(ceilf)
UNARY(truncf)
UNARY(rintf)
UNARY(roundf)
BINARY(atan2f, atan2f(x, y))
BINARY(powf, powf(x, y))
BINARY(fmodf, fmodf(x, y))
BINARY(hypotf, hypotf(x, y))
BINARY(divide, x / y)
BINARY(fmaxf, fmaxf(x, y))
BINARY(fminf, fminf(x, y))
BINARY(remainderf, remainderf(x, y))
BINARY(nextafterf, nextafterf(x, y))
BINARY(add_up, __fadd_ru(x, y))
BINARY(multiply_down, __fmul_rd(x, y))
BINARY(fma_zero, __fmaf_rz(x, y, x))
BINARY(divide_up, __fdiv_ru(x, y))
BINARY(saturate, __saturatef(x * y))
BINARY(fast_divide, __fdividef(x, y))
BINARY(fast_exp, __expf(x) + 0.f * y)
BINARY(fast_sin, __sinf(x) + 0.f * y)
BINARY(fast_log, __logf(x) + 0.f * y)
BINARY(fast_cos, __cosf(x) + 0.f * y)
BINARY(fast_tanh, ({ float t; asm("tanh.approx.f32 %0, %1;" : "=f"(t) : "f"(x)); t; }))
BINARY(fast_sqrt, ({ float t; asm("sqrt.approx.f32 %0, %1;" : "=f"(t) : "f"(x)); t; }))

#define CONVERT(name, type, expression) \
    extern "C" __global__ void name##_k(type *out, const float *a, const float *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { float x = a[i]; out[i] = expression; } \
    }
CONVERT(to_int, int, (int)x)
CONVERT(to_unsigned, unsigned, (unsigned)x)
CONVERT(to_long, long long, (long long)x)
CONVERT(to_unsigned_long, unsigned long long, (unsigned long long)x)
CONVERT(to_int_floor, int, __float2int_rd(x))
CONVERT(to_int_nearest, int, __float2int_rn(x))
CONVERT(to_double, double, (double)x)
CONVERT(to_bits, int, __float_as_int(x) ^ 0x40000000)
