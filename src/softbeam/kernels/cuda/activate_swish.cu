// Swish, x / (1 + exp(-x)), of n elements of x into output, and the sigmoid into sigmoid, which
// training reads; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_swish_kernel(float *x, int n, float *sigmoid,
                                                       float *output)
{
    int i = thread_index();
    if (i >= n) return;
    float value = x[i];
    float share = 1.f / (1.f + expf(-value));
    sigmoid[i] = share;
    output[i] = value * share;
}
