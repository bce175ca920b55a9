// Sum, mean, largest, smallest, product or sum of squares of count elements, inner apart; one thread
// a result.  A NaN passes.
#include "thread_index.cuh"

enum Reduction { SUM, MEAN, LARGEST, SMALLEST, PRODUCT, SQUARES };

extern "C" __global__ void reduce_kernel(int n, int reduction, int count, int inner, float *x,
                                         float *y)
{
    int id = thread_index();
    if (id >= n) return;
    float *first = x + id / inner * count * inner + id % inner;
    float total = *first;
    if (reduction == SQUARES) total = __fmul_rn(total, total);
    for (int i = 1; i < count; ++i) {
        float value = first[i * inner];
        switch (reduction) {
        case LARGEST: total = value > total || value != value ? value : total; break;
        case SMALLEST: total = value < total || value != value ? value : total; break;
        case PRODUCT: total = __fmul_rn(total, value); break;
        case SQUARES: total = __fadd_rn(total, __fmul_rn(value, value)); break;
        default: total = __fadd_rn(total, value);
        }
    }
    y[id] = reduction == MEAN ? __fdiv_rn(total, (float)count) : total;
}
