// Clamps N elements of X, INCX apart, to -ALPHA ... ALPHA; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void constrain_kernel(int N, float ALPHA, float *X, int INCX)
{
    int i = thread_index();
    if (i < N) X[i * INCX] = fminf(ALPHA, fmaxf(-ALPHA, X[i * INCX]));
}
