// Sum, mean, largest, smallest, product or sum of squares of count elements, inner apart; one thread
// a result.  A NaN passes.  Elements are joined in runs, so that many small ones are not lost beside
// a large sum.
#include "thread_index.cuh"

enum Reduction { SUM, MEAN, LARGEST, SMALLEST, PRODUCT, SQUARES };

#define RUN 128

__device__ float joined(float total, float value, int reduction)
{
    switch (reduction) {
    case LARGEST: return value > total || value != value ? value : total;
    case SMALLEST: return value < total || value != value ? value : total;
    case PRODUCT: return __fmul_rn(total, value);
    }
    return __fadd_rn(total, value);
}

__device__ float counted(float value, int reduction)
{
    return reduction == SQUARES ? __fmul_rn(value, value) : value;
}

#ifndef HARDENED
extern "C" __global__ void reduce_kernel(int n, int reduction, int count, int inner, float *x,
                                         float *y)
{
    int id = thread_index();
    if (id >= n) return;
    float *first = x + id / inner * count * inner + id % inner;
    float total = 0;
    for (int begin = 0; begin < count; begin += RUN) {
        int end = begin + RUN < count ? begin + RUN : count;
        float run = counted(first[begin * inner], reduction);
        for (int i = begin + 1; i < end; ++i)
            run = joined(run, counted(first[i * inner], reduction), reduction);
        total = begin ? joined(total, run, reduction) : run;
    }
    y[id] = reduction == MEAN ? __fdiv_rn(total, (float)count) : total;
}
#endif
