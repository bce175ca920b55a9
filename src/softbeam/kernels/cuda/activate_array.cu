// Applies an activation function to n elements in place; one thread an element.  The numbers of the
// functions are Darknet's.
#include "thread_index.cuh"

enum Activation {
    LOGISTIC, RELU, RELIE, LINEAR, RAMP, TANH, PLSE, LEAKY, ELU, LOGGY, STAIR, HARDTAN, LHTAN, SELU
};

__device__ float activate(float x, int function)
{
    switch (function) {
    case LINEAR: return x;
    case LOGISTIC: return 1.f / (1.f + expf(-x));
    case LOGGY: return 2.f / (1.f + expf(-x)) - 1.f;
    case RELU: return x * (x > 0);
    case ELU: return (x >= 0) * x + (x < 0) * (expf(x) - 1.f);
    case SELU: return (x >= 0) * 1.0507f * x + (x < 0) * 1.0507f * 1.6732f * (expf(x) - 1.f);
    case RELIE: return x > 0 ? x : .01f * x;
    case RAMP: return x * (x > 0) + .1f * x;
    case LEAKY: return x > 0 ? x : .1f * x;
    case TANH: return 2.f / (1.f + expf(-2.f * x)) - 1.f;
    case PLSE:
        if (x < -4.f) return .01f * (x + 4.f);
        if (x > 4.f) return .01f * (x - 4.f) + 1.f;
        return .125f * x + .5f;
    case STAIR: {
        int n = floorf(x);
        if (n % 2 == 0) return floorf(x / 2.f);
        return (x - n) + floorf(x / 2.f);
    }
    // So written, no architecture makes it a minimum, which would not keep a NaN's payload.
    case HARDTAN: return fabsf(x) > 1.f ? copysignf(1.f, x) : x;
    case LHTAN:
        if (x < 0.f) return .001f * x;
        if (x > 1.f) return .001f * (x - 1.f) + 1.f;
        return x;
    }
    return 0;
}

#ifndef HARDENED
extern "C" __global__ void activate_array_kernel(float *x, int n, int a)
{
    int i = thread_index();
    if (i < n) x[i] = activate(x[i], a);
}
#endif
