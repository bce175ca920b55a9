// Combines two tensors that are laid on one another, as NumPy broadcasts; one thread an element of
// the result.  The last of four axes has w elements; xs and ys are steps along them, 0 where one
// element stands for all.
#include "harden.cuh"
#include "../broadcast.cu"

extern "C" __global__ void broadcast_kernel(int n, int operation, int c, int h, int w, float *x,
                                            int xs0, int xs1, int xs2, int xs3, float *y, int ys0,
                                            int ys1, int ys2, int ys3, float *out HARDENED WORDS(x)
                                            WORDS(y) WORDS(out))
{
    Span<float> X = SPAN(x), Y = SPAN(y), OUT = SPAN(out);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int id, auto &sink) {
        int rest = id;
        int columns = copy.own(w), rows = copy.own(h), channels = copy.own(c);
        int i3 = rest % columns;
        rest /= columns;
        int i2 = rest % rows;
        rest /= rows;
        int i1 = rest % channels;
        int i0 = rest / channels;
        float first = X[i0 * xs0 + i1 * xs1 + i2 * xs2 + i3 * xs3];
        float second = Y[i0 * ys0 + i1 * ys1 + i2 * ys2 + i3 * ys3];
        sink.store(0, OUT, id, combine(first, second, copy.own(operation)));
    });
}
