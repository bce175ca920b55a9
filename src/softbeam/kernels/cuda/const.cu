// Sets N elements of X, INCX apart, to ALPHA, as fill does; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void const_kernel(int N, float ALPHA, float *X, int INCX)
{
    int i = thread_index();
    if (i < N) X[i * INCX] = ALPHA;
}
