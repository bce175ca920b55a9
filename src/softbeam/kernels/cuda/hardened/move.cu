// Copies elements from and to places with steps of their own along six axes: what transposes,
// slices, joins and repeats do; one thread an element.  The last five axes have d1 to d5 elements.
#include "harden.cuh"

extern "C" __global__ void move_kernel(int n, int d1, int d2, int d3, int d4, int d5, float *x,
                                       int xs0, int xs1, int xs2, int xs3, int xs4, int xs5,
                                       float *y, int ys0, int ys1, int ys2, int ys3, int ys4,
                                       int ys5 HARDENED WORDS(x) WORDS(y))
{
    Span<float> X = SPAN(x), Y = SPAN(y);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int id, auto &sink) {
        int s5 = copy.own(d5), s4 = copy.own(d4), s3 = copy.own(d3);
        int s2 = copy.own(d2), s1 = copy.own(d1);
        int i5 = id % s5;
        id /= s5;
        int i4 = id % s4;
        id /= s4;
        int i3 = id % s3;
        id /= s3;
        int i2 = id % s2;
        id /= s2;
        int i1 = id % s1;
        int i0 = id / s1;
        int from = i0 * xs0 + i1 * xs1 + i2 * xs2 + i3 * xs3 + i4 * xs4 + i5 * xs5;
        int to = i0 * ys0 + i1 * ys1 + i2 * ys2 + i3 * ys3 + i4 * ys4 + i5 * ys5;
        sink.store(0, Y, to, X[from]);
    });
}
