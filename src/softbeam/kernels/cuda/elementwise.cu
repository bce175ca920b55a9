// Applies a function of ONNX's to n elements; one thread an element.  Every operation is written
// with its rounding, so that nothing is fused; a NaN passes wherever ONNX lets it.
#include "thread_index.cuh"

enum Function {
    CLIP, RECTIFY, SLOPE, EXPONENTIAL, SQUARE_ROOT, NEGATIVE, ABSOLUTE, RECIPROCAL, FLOOR, CEILING,
    ROUND, HARD_SIGMOID, HARD_SWISH, ERROR, GELU, EXPONENTIAL_LINEAR, SOFTSIGN, SOFTPLUS, LOGARITHM,
    SIGMOID
};

__device__ float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

__device__ float absolute(float x) { return __int_as_float(__float_as_int(x) & 0x7fffffff); }

__device__ float negative(float x) { return __int_as_float(__float_as_int(x) ^ 0x80000000); }

__device__ float apply(float x, int function, float a, float b)
{
    switch (function) {
    case CLIP: return clamp(x, a, b);
    case RECTIFY: return x < 0.f ? 0.f : x;
    case SLOPE: return x < 0.f ? __fmul_rn(a, x) : x;
    case EXPONENTIAL: return expf(x);
    case SQUARE_ROOT: return __fsqrt_rn(x);
    // With the sign's bit as a number of the launch, no architecture makes it arithmetic, which
    // would not keep a NaN's payload.
    case NEGATIVE: return __int_as_float(__float_as_int(x) ^ __float_as_int(a));
    case ABSOLUTE: return __int_as_float(__float_as_int(x) & ~__float_as_int(a));
    case RECIPROCAL: return __fdiv_rn(1.f, x);
    case FLOOR: return floorf(x);
    case CEILING: return ceilf(x);
    case ROUND: return rintf(x);
    case HARD_SIGMOID: return clamp(__fadd_rn(__fmul_rn(a, x), b), 0.f, 1.f);
    case HARD_SWISH: return __fmul_rn(x, clamp(__fadd_rn(__fmul_rn(a, x), b), 0.f, 1.f));
    case ERROR: return erff(x);
    case GELU:
        return __fmul_rn(__fmul_rn(x, 0.5f), __fadd_rn(1.f, erff(__fmul_rn(x, 0.70710678f))));
    case EXPONENTIAL_LINEAR:
        return __fmul_rn(b, x < 0.f ? __fmul_rn(a, __fadd_rn(expf(x), -1.f)) : x);
    case SOFTSIGN: return __fdiv_rn(x, __fadd_rn(1.f, absolute(x)));
    case SOFTPLUS:
        return __fadd_rn(x < 0.f ? 0.f : x, logf(__fadd_rn(1.f, expf(negative(absolute(x))))));
    case LOGARITHM: return logf(x);
    case SIGMOID: return __fdiv_rn(1.f, __fadd_rn(1.f, expf(negative(x))));
    }
    return 0;
}

#ifndef HARDENED
extern "C" __global__ void elementwise_kernel(int N, int FUNCTION, float ALPHA, float BETA,
                                              float *X, float *Y)
{
    int i = thread_index();
    if (i < N) Y[i] = apply(X[i], FUNCTION, ALPHA, BETA);
}
#endif
