// Batch norm at inference: (x - mean) / (sqrt(variance) + 1e-6) of each filter; one thread an
// element.
#include "harden.cuh"

extern "C" __global__ void normalize_kernel(int N, float *x, float *mean, float *variance,
                                            int batch, int filters, int spatial HARDENED WORDS(x)
                                            WORDS(mean) WORDS(variance))
{
    Span<float> X = SPAN(x), MEAN = SPAN(mean), VARIANCE = SPAN(variance);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int index, auto &sink) {
        int f = index / copy.own(spatial) % copy.own(filters);
        sink.store(0, X, index, (X[index] - MEAN[f]) / (sqrtf(VARIANCE[f]) + .000001f));
    });
}
