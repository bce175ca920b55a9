// Softmax over every pixel's channels with 1e-4 more in the sum, less the largest first where
// use_max_val says so; one thread a pixel.
#include "harden.cuh"

extern "C" __global__ void activate_array_normalize_channels_softmax_kernel(float *x, int size,
                                                                            int batch, int channels,
                                                                            int wh_step,
                                                                            float *output,
                                                                            int use_max_val HARDENED
                                                                            WORDS(x) WORDS(output))
{
    Span<float> X = SPAN(x), OUTPUT = SPAN(output);
    struct State {
        int id, place, step, k, channels;
        float largest, sum;
    };
    Walk<State> walk(HARDENING, [=](auto copy) {
        State at;
        at.id = copy.thread();
        at.step = copy.own(wh_step);
        at.channels = copy.own(channels);
        at.k = copy.own(0);
        at.place = at.id % at.step + at.id / at.step * at.step * at.channels;
        return at;
    });
    if (!walk.any([=](const State &at) { return at.id < size; })) return;
    walk.each([=](State &at) {
        at.sum = .0001f;
        at.largest = 0;
        if (use_max_val) {
            at.largest = -3.402823466e+38f;
            for (int k = 0; k < at.channels; ++k) {
                float value = X[at.place + k * at.step];
                if (value > at.largest || k == 0) at.largest = value;
            }
        }
        for (int k = 0; k < at.channels; ++k)
            at.sum += expf(X[at.place + k * at.step] - at.largest);
    });
    while (walk.any([](const State &at) { return at.k < at.channels; })) {
        walk.template store<1>([=](const State &at, auto &sink) {
            float value = X[at.place];
            sink.store(0, OUTPUT, at.place, expf(value - at.largest) / at.sum);
        });
        walk.each([](State &at) {
            at.place += at.step;
            ++at.k;
        });
    }
    walk.finish();
}
