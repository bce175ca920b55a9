// Multiplies N elements of Y by those of X; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void mul_kernel(int N, float *X, int INCX, float *Y, int INCY)
{
    int i = thread_index();
    if (i < N) Y[i * INCY] *= X[i * INCX];
}
