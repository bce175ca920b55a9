// Copies N elements of X to Y, with offsets and strides, hardened; one thread an element.
#include "harden.cuh"

extern "C" __global__ void copy_kernel(int N, float *X, int OFFX, int INCX, float *Y, int OFFY,
                                       int INCY
#ifdef RANGE
                                       , float LOW, float HIGH
#endif
#ifdef BOUNDS
                                       , int WORDS_X, int WORDS_Y
#endif
)
{
    int i = thread_index();
    if (i >= N) return;
    int from = i * INCX + OFFX, to = i * INCY + OFFY;
#ifdef BOUNDS
    float value = (unsigned)from < (unsigned)WORDS_X ? X[from] : 0.f;
#else
    float value = X[from];
#endif
#ifdef RANGE
    value = within(value, LOW, HIGH);
#endif
#ifdef BOUNDS
    if ((unsigned)to < (unsigned)WORDS_Y)
#endif
    Y[to] = value;
}
