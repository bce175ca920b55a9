// Batch norm at inference as later Darknets have it, with the small number inside the root:
// (x - mean) / sqrt(variance + 1e-5) of each filter; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void normalize_inside_kernel(int N, float *x, float *mean, float *variance,
                                                   int batch, int filters, int spatial)
{
    int index = thread_index();
    if (index >= N) return;
    int f = (index / spatial) % filters;
    x[index] = (x[index] - mean[f]) / sqrtf(variance[f] + .00001f);
}
