// Copies elements from and to places with steps of their own along six axes: what transposes,
// slices, joins and repeats do; one thread an element.  The last five axes have d1 to d5 elements.
#include "thread_index.cuh"

extern "C" __global__ void move_kernel(int n, int d1, int d2, int d3, int d4, int d5, float *x,
                                       int xs0, int xs1, int xs2, int xs3, int xs4, int xs5,
                                       float *y, int ys0, int ys1, int ys2, int ys3, int ys4,
                                       int ys5)
{
    int id = thread_index();
    if (id >= n) return;
    int i5 = id % d5;
    id /= d5;
    int i4 = id % d4;
    id /= d4;
    int i3 = id % d3;
    id /= d3;
    int i2 = id % d2;
    id /= d2;
    int i1 = id % d1;
    int i0 = id / d1;
    y[i0 * ys0 + i1 * ys1 + i2 * ys2 + i3 * ys3 + i4 * ys4 + i5 * ys5] =
        x[i0 * xs0 + i1 * xs1 + i2 * xs2 + i3 * xs3 + i4 * xs4 + i5 * xs5];
}
