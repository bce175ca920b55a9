// Combines two tensors that are laid on one another, as NumPy broadcasts; one thread an element of
// the result.  The last of four axes has w elements; xs and ys are steps along them, 0 where one
// element stands for all.
#include "thread_index.cuh"

enum Operation { ADD, SUBTRACT, MULTIPLY, DIVIDE, SMALLER, LARGER, RECTIFY };

__device__ float combine(float x, float y, int operation)
{
    switch (operation) {
    case ADD: return __fadd_rn(x, y);
    case SUBTRACT: return __fsub_rn(x, y);
    case MULTIPLY: return __fmul_rn(x, y);
    case DIVIDE: return __fdiv_rn(x, y);
    case SMALLER: return x < y || x != x ? x : y;
    case LARGER: return x > y || x != x ? x : y;
    case RECTIFY: return x < 0.f ? __fmul_rn(y, x) : x;
    }
    return 0;
}

#ifndef HARDENED
extern "C" __global__ void broadcast_kernel(int n, int operation, int c, int h, int w, float *x,
                                            int xs0, int xs1, int xs2, int xs3, float *y, int ys0,
                                            int ys1, int ys2, int ys3, float *out)
{
    int id = thread_index();
    if (id >= n) return;
    int rest = id;
    int i3 = rest % w;
    rest /= w;
    int i2 = rest % h;
    rest /= h;
    int i1 = rest % c;
    int i0 = rest / c;
    float first = x[i0 * xs0 + i1 * xs1 + i2 * xs2 + i3 * xs3];
    float second = y[i0 * ys0 + i1 * ys1 + i2 * ys2 + i3 * ys3];
    out[id] = combine(first, second, operation);
}
#endif
