// The leaky rectifier of n elements in place, a kernel to itself in later Darknets; one thread an
// element.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_leaky_kernel(float *x, int n)
{
    int i = thread_index();
    if (i < n) x[i] = x[i] > 0 ? x[i] : .1f * x[i];
}
