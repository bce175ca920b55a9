// Lays out the neighbourhood of every output pixel as a column of a matrix, with zeros outside the
// image: windows of any height, width, steps and gaps; one thread an output pixel and channel,
// looping over the grid.
#include "harden.cuh"

extern "C" __global__ void im2col_ext_kernel(const int n, const float *im, const int height,
                                             const int width, const int kernel_h,
                                             const int kernel_w, const int pad_h, const int pad_w,
                                             const int stride_h, const int stride_w,
                                             const int dilation_h, const int dilation_w,
                                             const int height_col, const int width_col,
                                             float *col HARDENED WORDS(im) WORDS(col))
{
    Span<const float> IM = SPAN(im);
    Span<float> COL = SPAN(col);
    struct State {
        int zero, index, rows, columns, h_in, w_in, first, to, i, j;
    };
    Walk<State> walk(HARDENING, [=](auto copy) {
        State at;
        at.zero = copy.own(0);
        at.index = copy.along_x();
        at.rows = copy.own(kernel_h);
        at.columns = copy.own(kernel_w);
        return at;
    });
    while (walk.any([=](const State &at) { return at.index < n; })) {
        walk.each([=](State &at) {
            int wide = width_col + at.zero, high = height_col + at.zero;
            int w_out = at.index % wide;
            int rest = at.index / wide;
            int h_out = rest % high;
            int channel = rest / high;
            at.h_in = h_out * stride_h - pad_h;
            at.w_in = w_out * stride_w - pad_w;
            at.first = channel * height;
            at.to = (channel * at.rows * at.columns * height_col + h_out) * width_col + w_out;
            at.i = at.zero;
        });
        while (walk.any([](const State &at) { return at.i < at.rows; })) {
            walk.each([](State &at) { at.j = at.zero; });
            while (walk.any([](const State &at) { return at.j < at.columns; })) {
                walk.template store<1>([=](const State &at, auto &sink) {
                    int h = at.h_in + at.i * dilation_h;
                    int w = at.w_in + at.j * dilation_w;
                    bool inside = h >= 0 && w >= 0 && h < height && w < width;
                    sink.store(0, COL, at.to, inside ? IM[(at.first + h) * width + w] : 0.f);
                });
                walk.each([=](State &at) {
                    at.to += height_col * width_col;
                    ++at.j;
                });
            }
            walk.each([](State &at) { ++at.i; });
        }
        walk.each([=](State &at) { at.index += (int)(blockDim.x * gridDim.x); });
    }
    walk.finish();
}
