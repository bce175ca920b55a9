// Scales each plane of an image; one thread an output element.  A pixel lies at
// (place + shift) / scale - shift of the input; it takes the pixel there, found by rounding, or
// interpolates between the four around.
#include "thread_index.cuh"

enum Rounding { DOWN, UP, HALF_DOWN, HALF_UP, LINEAR };

__device__ float place_in(int place, float scale, float shift, int length)
{
    float found = __fsub_rn(__fdiv_rn(__fadd_rn((float)place, shift), scale), shift);
    float last = (float)(length - 1);
    return found < 0.f ? 0.f : found > last ? last : found;
}

__device__ int nearest(float place, int rounding)
{
    switch (rounding) {
    case UP: return (int)ceilf(place);
    case HALF_DOWN: return (int)ceilf(__fsub_rn(place, 0.5f));
    case HALF_UP: return (int)floorf(__fadd_rn(place, 0.5f));
    }
    return (int)floorf(place);
}

__device__ float between(float first, float second, float share)
{
    return __fadd_rn(__fmul_rn(first, __fsub_rn(1.f, share)), __fmul_rn(second, share));
}

extern "C" __global__ void resize_kernel(int n, int rounding, int height, int width,
                                         int height_out, int width_out, float scale_h,
                                         float scale_w, float shift, float *x, float *y)
{
    int id = thread_index();
    if (id >= n) return;
    int w_out = id % width_out;
    int rest = id / width_out;
    int h_out = rest % height_out;
    float *plane = x + rest / height_out * height * width;
    float h = place_in(h_out, scale_h, shift, height);
    float w = place_in(w_out, scale_w, shift, width);
    int top = nearest(h, rounding);
    int left = nearest(w, rounding);
    float pixel = plane[top * width + left];
    if (rounding == LINEAR) {
        int bottom = top + 1 < height ? top + 1 : top;
        int right = left + 1 < width ? left + 1 : left;
        float share = __fsub_rn(w, (float)left);
        float upper = between(pixel, plane[top * width + right], share);
        float lower = between(plane[bottom * width + left], plane[bottom * width + right], share);
        pixel = between(upper, lower, __fsub_rn(h, (float)top));
    }
    y[id] = pixel;
}
