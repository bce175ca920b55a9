// Softmax of every group of n elements, stride apart; one thread a group.
#include "harden.cuh"

extern "C" __global__ void softmax_kernel(float *input, int n, int batch, int batch_offset,
                                          int groups, int group_offset, int stride, float temp,
                                          float *output HARDENED WORDS(input) WORDS(output))
{
    Span<float> INPUT = SPAN(input), OUTPUT = SPAN(output);
    struct State {
        int zero, id, most, step, from, to, i;
        float largest, sum, e;
    };
    Walk<State> walk(HARDENING, [=](auto copy) {
        State at;
        at.zero = copy.own(0);
        at.id = copy.thread();
        at.most = copy.own(n);
        at.step = copy.own(stride);
        int each = copy.own(groups);
        at.from = at.id / each * batch_offset + at.id % each * group_offset;
        return at;
    });
    if (!walk.any([=](const State &at) { return at.id < batch * (groups + at.zero); })) return;
    walk.each([=](State &at) {
        at.sum = 0;
        at.largest = -INFINITY;
        for (int i = at.zero; i < at.most; ++i) {
            float value = INPUT[at.from + i * at.step];
            at.largest = value > at.largest ? value : at.largest;
        }
        at.i = at.zero;
        at.to = at.from;
    });
    auto unfinished = [](const State &at) { return at.i < at.most; };
    auto next = [](State &at) {
        at.to += at.step;
        ++at.i;
    };
    while (walk.any(unfinished)) {
        walk.each([=](State &at) {
            at.e = expf(INPUT[at.to] / temp - at.largest / temp);
            at.sum += at.e;
        });
        walk.template store<1>(
            [=](const State &at, auto &sink) { sink.keep(0, OUTPUT, at.to, at.e); });
        walk.each(next);
    }
    walk.each([](State &at) {
        at.i = at.zero;
        at.to = at.from;
    });
    while (walk.any(unfinished)) {
        walk.template store<1>([=](const State &at, auto &sink) {
            sink.store(0, OUTPUT, at.to, OUTPUT[at.to] / at.sum);
        });
        walk.each(next);
    }
    walk.finish();
}
