// Largest element of every window, and where it was; one thread an output element.
#include "harden.cuh"

extern "C" __global__ void forward_maxpool_kernel(int n, int in_h, int in_w, int in_c, int stride,
                                                  int size, int pad, float *input, float *output,
                                                  int *indexes HARDENED WORDS(input) WORDS(output)
                                                  WORDS(indexes))
{
    Span<float> INPUT = SPAN(input), OUTPUT = SPAN(output);
    Span<int> INDEXES = SPAN(indexes);
    harden<2>(HARDENING, [=](auto) { return n; }, [=](auto copy, int id, auto &sink) {
        int high = copy.own(in_h), wide = copy.own(in_w), channels = copy.own(in_c);
        int across = copy.own(stride), down = copy.own(stride);
        int side = copy.own(size), edge = copy.own(pad);
        int h = (high + edge - side) / down + 1;
        int w = (wide + edge - side) / across + 1;
        int j = id % w;
        id /= w;
        int i = id % h;
        id /= h;
        int k = id % channels;
        id /= channels;
        int b = id;

        int offset = -edge / 2;
        int out_index = j + w * (i + h * (k + channels * b));
        float largest = -INFINITY;
        int winner = -1;
        for (int l = 0; l < side; ++l) {
            for (int m = 0; m < side; ++m) {
                int row = offset + i * down + l;
                int column = offset + j * across + m;
                int index = column + wide * (row + high * (k + b * channels));
                bool valid = row >= 0 && row < high && column >= 0 && column < wide;
                float value = valid ? INPUT[index] : -INFINITY;
                winner = value > largest ? index : winner;
                largest = value > largest ? value : largest;
            }
        }
        sink.store(0, OUTPUT, out_index, largest);
        sink.store(1, INDEXES, out_index, winner);
    });
}
