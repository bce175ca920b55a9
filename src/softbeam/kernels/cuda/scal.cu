// Multiplies N elements of X, INCX apart, by ALPHA; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void scal_kernel(int N, float ALPHA, float *X, int INCX)
{
    int i = thread_index();
    if (i < N) X[i * INCX] *= ALPHA;
}
