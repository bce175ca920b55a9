// Sum, mean, largest, smallest, product or sum of squares of count elements, inner apart; one thread
// a result.  A NaN passes.  Elements are joined in runs, so that many small ones are not lost beside
// a large sum.
#include "harden.cuh"
#include "../reduce.cu"

extern "C" __global__ void reduce_kernel(int n, int reduction, int count, int inner, float *x,
                                         float *y HARDENED WORDS(x) WORDS(y))
{
    Span<float> X = SPAN(x), Y = SPAN(y);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int id, auto &sink) {
        int how = copy.own(reduction), most = copy.own(count), step = copy.own(inner);
        int first = id / step * most * step + id % step;
        float total = 0;
        for (int begin = 0; begin < most; begin += RUN) {
            int end = begin + RUN < most ? begin + RUN : most;
            float run = counted(X[first + begin * step], how);
            for (int i = begin + 1; i < end; ++i)
                run = joined(run, counted(X[first + i * step], how), how);
            total = begin ? joined(total, run, how) : run;
        }
        sink.store(0, Y, id, how == MEAN ? __fdiv_rn(total, (float)most) : total);
    });
}
