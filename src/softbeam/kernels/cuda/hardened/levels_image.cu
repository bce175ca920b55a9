// Maps an RGB image's values v to v * scale + translate, in place; one thread a pixel.  Each colour
// is shifted by its random number, which inference gives the weight 0.  The change of saturation
// and exposure, which only training makes, is left out.
#include "harden.cuh"

extern "C" __global__ void levels_image_kernel(float *image, float *rand, int batch, int w, int h,
                                               float translate, float scale, float shift HARDENED
                                               WORDS(image) WORDS(rand))
{
    Span<float> IMAGE = SPAN(image), RAND = SPAN(rand);
    auto threads = [=](auto copy) { return batch * copy.own(w) * copy.own(h); };
    harden<3>(HARDENING, threads, [=](auto copy, int id, auto &sink) {
        int width = copy.own(w), height = copy.own(h);
        int x = id % width;
        id /= width;
        int y = id % height;
        id /= height;
        // A place that does not depend on the copy's own thread would be loaded once for all.
        int none = id & copy.own(0);
        float red = RAND[none], green = RAND[none + 1], blue = RAND[none + 2];
        int pixel = id * height * width * 3 + y * width + x;
        int next = pixel + width * height;
        int last = pixel + 2 * width * height;
        sink.store(0, IMAGE, pixel, IMAGE[pixel] * scale + translate + (red - .5f) * shift);
        sink.store(1, IMAGE, next, IMAGE[next] * scale + translate + (green - .5f) * shift);
        sink.store(2, IMAGE, last, IMAGE[last] * scale + translate + (blue - .5f) * shift);
    });
}
