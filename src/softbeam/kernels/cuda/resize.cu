// Scales each plane of an image; one thread an output element.  A pixel lies at
// (place + shift) / scale - shift of the input; it takes the pixel there, found by rounding, or
// interpolates between the four around, or the sixteen.  Beyond the last pixel lies that again.
#include "thread_index.cuh"

enum Rounding { DOWN, UP, HALF_DOWN, HALF_UP, LINEAR, CUBIC };

__device__ float place_in(int place, float scale, float shift)
{
    return __fsub_rn(__fdiv_rn(__fadd_rn((float)place, shift), scale), shift);
}

__device__ float within(float place, int length)
{
    float last = (float)(length - 1);
    return place < 0.f ? 0.f : place > last ? last : place;
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

// What a pixel counts that lies so far from the place: Keys' curve within one pixel, and beyond.
__device__ float near_share(float distance, float a)
{
    float slope = __fsub_rn(__fmul_rn(__fadd_rn(a, 2.f), distance), __fadd_rn(a, 3.f));
    return __fadd_rn(__fmul_rn(__fmul_rn(slope, distance), distance), 1.f);
}

__device__ float far_share(float distance, float a)
{
    float share = __fsub_rn(__fmul_rn(a, distance), __fmul_rn(5.f, a));
    share = __fadd_rn(__fmul_rn(share, distance), __fmul_rn(8.f, a));
    return __fsub_rn(__fmul_rn(share, distance), __fmul_rn(4.f, a));
}

__device__ float share_of(int tap, float between, float a)
{
    float distance = fabsf(__fsub_rn(__fadd_rn(between, 1.f), (float)tap));
    return tap == 0 || tap == 3 ? far_share(distance, a) : near_share(distance, a);
}

__device__ int kept(int place, int length)
{
    return place < 0 ? 0 : place >= length ? length - 1 : place;
}

#ifndef HARDENED
__device__ float cubic(float *plane, int height, int width, float h, float w, float a)
{
    float top = floorf(h);
    float left = floorf(w);
    float total = 0;
    for (int i = 0; i < 4; ++i) {
        float *row = plane + kept((int)top - 1 + i, height) * width;
        float across = 0;
        for (int j = 0; j < 4; ++j) {
            float value = row[kept((int)left - 1 + j, width)];
            float share = share_of(j, __fsub_rn(w, left), a);
            across = __fadd_rn(across, __fmul_rn(share, value));
        }
        total = __fadd_rn(total, __fmul_rn(share_of(i, __fsub_rn(h, top), a), across));
    }
    return total;
}

extern "C" __global__ void resize_kernel(int n, int rounding, int height, int width,
                                         int height_out, int width_out, float scale_h,
                                         float scale_w, float shift, float curve, float *x,
                                         float *y)
{
    int id = thread_index();
    if (id >= n) return;
    int w_out = id % width_out;
    int rest = id / width_out;
    int h_out = rest % height_out;
    float *plane = x + rest / height_out * height * width;
    float h = place_in(h_out, scale_h, shift);
    float w = place_in(w_out, scale_w, shift);
    if (rounding == CUBIC) {
        y[id] = cubic(plane, height, width, h, w, curve);
        return;
    }
    h = within(h, height);
    w = within(w, width);
    int top = nearest(h, rounding);
    int left = nearest(w, rounding);
    float pixel = plane[top * width + left];
    if (rounding == LINEAR) {
        bool right = left + 1 < width;
        float share = __fsub_rn(w, (float)left);
        // A pixel is not weighed with itself: nothing times infinity is a NaN.
        pixel = right ? between(pixel, plane[top * width + left + 1], share) : pixel;
        if (top + 1 < height) {
            float *below = plane + (top + 1) * width + left;
            float lower = right ? between(below[0], below[1], share) : below[0];
            pixel = between(pixel, lower, __fsub_rn(h, (float)top));
        }
    }
    y[id] = pixel;
}
#endif
