// The rectifier up to 6 of n elements in place; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_relu6_kernel(float *x, int n)
{
    int i = thread_index();
    if (i >= n) return;
    float above = x[i] > 0.f ? x[i] : 0.f;
    x[i] = above < 6.f ? above : 6.f;
}
