// Adds ALPHA times N elements of X to Y, with offsets and strides; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void axpy_kernel(int N, float ALPHA, float *X, int OFFX, int INCX, float *Y,
                                       int OFFY, int INCY)
{
    int i = thread_index();
    if (i < N) Y[OFFY + i * INCY] += ALPHA * X[OFFX + i * INCX];
}
