// Sets N elements of Y to those of X to the power ALPHA; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void pow_kernel(int N, float ALPHA, float *X, int INCX, float *Y, int INCY)
{
    int i = thread_index();
    if (i < N) Y[i * INCY] = powf(X[i * INCX], ALPHA);
}
