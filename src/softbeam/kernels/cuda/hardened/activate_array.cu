// Applies an activation function to n elements in place; one thread an element.  The numbers of the
// functions are Darknet's.
#include "harden.cuh"
#include "../activate_array.cu"

extern "C" __global__ void activate_array_kernel(float *x, int n, int a HARDENED WORDS(x))
{
    Span<float> X = SPAN(x);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int i, auto &sink) {
        sink.store(0, X, i, activate(X[i], copy.own(a)));
    });
}
