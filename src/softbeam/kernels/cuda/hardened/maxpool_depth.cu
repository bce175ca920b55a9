// Largest element of every out_c-th channel at every pixel, for each of out_c output channels, and
// where it was; one thread a pixel.
#include "harden.cuh"

extern "C" __global__ void forward_maxpool_depth_layer_kernel(int n, int w, int h, int c, int out_c,
                                                              int batch, float *input,
                                                              float *output, int *indexes HARDENED
                                                              WORDS(input) WORDS(output)
                                                              WORDS(indexes))
{
    Span<float> INPUT = SPAN(input), OUTPUT = SPAN(output);
    Span<int> INDEXES = SPAN(indexes);
    struct State {
        int id, place, image, g, groups, channels, wide, area;
    };
    Walk<State> walk(HARDENING, [=](auto copy) {
        State at;
        at.id = copy.thread();
        at.channels = copy.own(c);
        at.groups = copy.own(out_c);
        at.g = copy.own(0);
        int wide = copy.own(w), high = copy.own(h);
        at.area = wide * high;
        int j = at.id % wide;
        int rest = at.id / wide;
        int i = rest % high;
        at.place = j + wide * i;
        at.image = rest / high % copy.own(batch);
        return at;
    });
    if (!walk.any([=](const State &at) { return at.id < n; })) return;
    while (walk.any([](const State &at) { return at.g < at.groups; })) {
        walk.template store<2>([=](const State &at, auto &sink) {
            float largest = -3.402823466e+38f;
            int winner = -1;
            for (int k = at.g; k < at.channels; k += at.groups) {
                int in_index = at.place + at.area * (k + at.channels * at.image);
                float value = INPUT[in_index];
                winner = value > largest ? in_index : winner;
                largest = value > largest ? value : largest;
            }
            int out_index = at.place + at.area * (at.g + at.groups * at.image);
            sink.store(0, OUTPUT, out_index, largest);
            sink.store(1, INDEXES, out_index, winner);
        });
        walk.each([](State &at) { ++at.g; });
    }
    walk.finish();
}
