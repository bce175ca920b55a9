// Multiplies N elements of X, INCX apart, by ALPHA and adds BETA; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void scal_add_kernel(int N, float ALPHA, float BETA, float *X, int INCX)
{
    int i = thread_index();
    if (i < N) X[i * INCX] = X[i * INCX] * ALPHA + BETA;
}
