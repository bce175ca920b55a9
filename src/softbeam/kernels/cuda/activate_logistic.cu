// The logistic function of n elements in place, a kernel to itself in later Darknets; one thread an
// element.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_logistic_kernel(float *x, int n)
{
    int i = thread_index();
    if (i < n) x[i] = 1.f / (1.f + expf(-x[i]));
}
