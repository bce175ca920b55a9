// Applies a function of ONNX's to n elements; one thread an element.  Every operation is written
// with its rounding, so that nothing is fused; a NaN passes wherever ONNX lets it.
#include "harden.cuh"
#include "../elementwise.cu"

extern "C" __global__ void elementwise_kernel(int N, int FUNCTION, float ALPHA, float BETA,
                                              float *X, float *Y HARDENED WORDS(X) WORDS(Y))
{
    Span<float> XS = SPAN(X), YS = SPAN(Y);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int i, auto &sink) {
        float result = apply(XS[i], copy.own(FUNCTION), copy.own(ALPHA), copy.own(BETA));
        sink.store(0, YS, i, result);
    });
}
