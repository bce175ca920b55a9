// Divides every positive element by the sum of those of its pixel's channels and 1e-4, and clears
// the others; one thread a pixel.
#include "harden.cuh"

extern "C" __global__ void activate_array_normalize_channels_kernel(float *x, int size, int batch,
                                                                    int channels, int wh_step,
                                                                    float *output HARDENED WORDS(x)
                                                                    WORDS(output))
{
    Span<float> X = SPAN(x), OUTPUT = SPAN(output);
    struct State {
        int id, place, step, k, channels;
        float sum;
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
        for (int k = 0; k < at.channels; ++k) {
            float value = X[at.place + k * at.step];
            if (value > 0) at.sum += value;
        }
    });
    while (walk.any([](const State &at) { return at.k < at.channels; })) {
        walk.template store<1>([=](const State &at, auto &sink) {
            float value = X[at.place];
            sink.store(0, OUTPUT, at.place, value > 0 ? value / at.sum : 0);
        });
        walk.each([](State &at) {
            at.place += at.step;
            ++at.k;
        });
    }
    walk.finish();
}
