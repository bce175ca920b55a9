// Copies N elements of X to Y, with offsets and strides; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void copy_kernel(int N, float *X, int OFFX, int INCX, float *Y, int OFFY,
                                       int INCY)
{
    int i = thread_index();
    if (i < N) Y[i * INCY + OFFY] = X[i * INCX + OFFX];
}
