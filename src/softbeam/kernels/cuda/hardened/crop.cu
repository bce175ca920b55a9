// Cuts the middle out of an image, between pixels by bilinear interpolation; one thread an element.
// Flips and turns, which only training makes, are left out.
#include "harden.cuh"

extern "C" __global__ void forward_crop_layer_kernel(float *input, int size, int c, int h, int w,
                                                     int crop_height, int crop_width,
                                                     float *output HARDENED WORDS(input)
                                                     WORDS(output))
{
    Span<float> INPUT = SPAN(input), OUTPUT = SPAN(output);
    harden<1>(HARDENING, [=](auto) { return size; }, [=](auto copy, int id, auto &sink) {
        int columns = copy.own(crop_width), rows = copy.own(crop_height), channels = copy.own(c);
        int width = copy.own(w), height = copy.own(h);
        int rest = id;
        int j = rest % columns;
        rest /= columns;
        int i = rest % rows;
        rest /= rows;
        int k = rest % channels;
        int first = width * height * channels * (rest / channels);

        float x = j + (width - columns) / 2.f;
        float y = i + (height - rows) / 2.f;
        int left = (int)floorf(x);
        int top = (int)floorf(y);
        float right = x - left;
        float down = y - top;
        auto pixel = [=](int column, int row) {
            if (column < 0 || column >= width || row < 0 || row >= height) return 0.f;
            return INPUT[first + (k * height + row) * width + column];
        };
        sink.store(0, OUTPUT, id,
                   (1 - down) * (1 - right) * pixel(left, top)
                       + down * (1 - right) * pixel(left, top + 1)
                       + (1 - down) * right * pixel(left + 1, top)
                       + down * right * pixel(left + 1, top + 1));
    });
}
