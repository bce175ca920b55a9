// Scales each plane of an image; one thread an output element.  A pixel lies at
// (place + shift) / scale - shift of the input; it takes the pixel there, found by rounding, or
// interpolates between the four around, or the sixteen.  Beyond the last pixel lies that again.
#include "harden.cuh"
#include "../resize.cu"

__device__ float cubic(Span<float> x, int plane, int height, int width, float h, float w, float a)
{
    float top = floorf(h);
    float left = floorf(w);
    float total = 0;
    for (int i = 0; i < 4; ++i) {
        int row = plane + kept((int)top - 1 + i, height) * width;
        float across = 0;
        for (int j = 0; j < 4; ++j) {
            float value = x[row + kept((int)left - 1 + j, width)];
            float share = share_of(j, __fsub_rn(w, left), a);
            across = __fadd_rn(across, __fmul_rn(share, value));
        }
        total = __fadd_rn(total, __fmul_rn(share_of(i, __fsub_rn(h, top), a), across));
    }
    return total;
}

extern "C" __global__ void resize_kernel(int n, int rounding, int height, int width, int height_out,
                                         int width_out, float scale_h, float scale_w, float shift,
                                         float curve, float *x, float *y HARDENED WORDS(x) WORDS(y))
{
    Span<float> X = SPAN(x), Y = SPAN(y);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int id, auto &sink) {
        int columns = copy.own(width_out), rows = copy.own(height_out), how = copy.own(rounding);
        int high = copy.own(height), wide = copy.own(width);
        float down = copy.own(scale_h), across = copy.own(scale_w), moved = copy.own(shift);
        int w_out = id % columns;
        int rest = id / columns;
        int h_out = rest % rows;
        int plane = rest / rows * high * wide;
        float h = place_in(h_out, down, moved);
        float w = place_in(w_out, across, moved);
        float result;
        if (how == CUBIC) {
            result = cubic(X, plane, high, wide, h, w, copy.own(curve));
        } else {
            h = within(h, high);
            w = within(w, wide);
            int top = nearest(h, how);
            int left = nearest(w, how);
            int place = plane + top * wide + left;
            result = X[place];
            if (how == LINEAR) {
                bool right = left + 1 < wide;
                float share = __fsub_rn(w, (float)left);
                // A pixel is not weighed with itself: nothing times infinity is a NaN.
                result = right ? between(result, X[place + 1], share) : result;
                if (top + 1 < high) {
                    int below = place + wide;
                    float lower = right ? between(X[below], X[below + 1], share) : X[below];
                    result = between(result, lower, __fsub_rn(h, (float)top));
                }
            }
        }
        sink.store(0, Y, id, result);
    });
}
