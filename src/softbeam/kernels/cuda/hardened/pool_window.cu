// Largest element, or average, of every window of any height, width, steps and gaps; one thread an
// output element.  A NaN passes.  The divisor of an average is the number of the window's places
// among rows top to bottom and columns left to right, the last ones left out.
#include "harden.cuh"

extern "C" __global__ void pool_window_kernel(int n, int average, int height, int width,
                                              int kernel_h, int kernel_w, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h,
                                              int dilation_w, int height_out, int width_out,
                                              int top, int bottom, int left, int right,
                                              float *input, float *output HARDENED WORDS(input)
                                              WORDS(output))
{
    Span<float> INPUT = SPAN(input), OUTPUT = SPAN(output);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int index, auto &sink) {
        int columns = copy.own(width_out), rows = copy.own(height_out);
        int w_out = index % columns;
        int rest = index / columns;
        int h_out = rest % rows;
        int plane = rest / rows;
        float largest = -INFINITY;
        float sum = 0;
        int places = 0;
        int high = copy.own(kernel_h), wide = copy.own(kernel_w);
        for (int i = 0; i < high; ++i) {
            for (int j = 0; j < wide; ++j) {
                int h = h_out * stride_h - pad_h + i * dilation_h;
                int w = w_out * stride_w - pad_w + j * dilation_w;
                places += h >= top && h < bottom && w >= left && w < right;
                if (h >= 0 && w >= 0 && h < height && w < width) {
                    float value = INPUT[(plane * height + h) * width + w];
                    sum += value;
                    largest = value > largest || value != value ? value : largest;
                }
            }
        }
        sink.store(0, OUTPUT, index, copy.own(average) ? __fdiv_rn(sum, (float)places) : largest);
    });
}
