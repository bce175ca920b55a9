// Batch norm at inference as later Darknets have it, with the small number inside the root:
// (x - mean) / sqrt(variance + 1e-5) of each filter; one thread an element.
#include "harden.cuh"

extern "C" __global__ void normalize_inside_kernel(int N, float *x, float *mean, float *variance,
                                                   int batch, int filters, int spatial HARDENED
                                                   WORDS(x) WORDS(mean) WORDS(variance))
{
    Span<float> X = SPAN(x), MEAN = SPAN(mean), VARIANCE = SPAN(variance);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int index, auto &sink) {
        int f = index / copy.own(spatial) % copy.own(filters);
        sink.store(0, X, index, (X[index] - MEAN[f]) / sqrtf(VARIANCE[f] + .00001f));
    });
}
