// The sum of an input and of up to six other layers' outputs, as far as these reach, each times its
// weight where there are weights: one for a layer, or one for each of its channels.  Weights are as
// they are, or positive parts (normalization 1) or exponentials (2) over their sum.  One thread an
// element.  Darknet reads the layers' addresses and sizes from memory; here they are parameters.
#include "harden.cuh"
#include "../shortcut_multilayer.cu"

extern "C" __global__ void shortcut_multilayer_kernel(int size, int src_outputs, int batch, int n,
                                                      int outputs0, int outputs1, int outputs2,
                                                      int outputs3, int outputs4, int outputs5,
                                                      float *add0, float *add1, float *add2,
                                                      float *add3, float *add4, float *add5,
                                                      float *out, float *input, float *weights,
                                                      int nweights,
                                                      int weights_normalization HARDENED WORDS(add0)
                                                      WORDS(add1) WORDS(add2) WORDS(add3)
                                                      WORDS(add4) WORDS(add5) WORDS(out)
                                                      WORDS(input) WORDS(weights))
{
    Span<float> ADD0 = SPAN(add0);
    Span<float> ADD1 = SPAN(add1);
    Span<float> ADD2 = SPAN(add2);
    Span<float> ADD3 = SPAN(add3);
    Span<float> ADD4 = SPAN(add4);
    Span<float> ADD5 = SPAN(add5);
    Span<float> OUT = SPAN(out);
    Span<float> INPUT = SPAN(input);
    Span<float> WEIGHTS = SPAN(weights);
    harden<1>(HARDENING, [=](auto) { return size; }, [=](auto copy, int id, auto &sink) {
        int how = copy.own(weights_normalization), weighted = copy.own(nweights), layers = copy.own(n);
        int each = copy.own(src_outputs);
        int layer_step = weighted / (layers + 1);
        int step = weighted > 0 ? each / layer_step : 1;
        int place = id % each;
        int image = id / each;
        int weight = place / step;

        float sum = 1, largest = -3.402823466e+38f;
        if (weighted > 0 && how != NONE) {
            if (how == SOFTMAX) {
                for (int i = 0; i <= layers; ++i) {
                    float w = WEIGHTS[weight + i * layer_step];
                    if (largest < w) largest = w;
                }
            }
            sum = .0001f;
            for (int i = 0; i <= layers; ++i)
                sum += raised(WEIGHTS[weight + i * layer_step], largest, how);
        }
        float total = INPUT[id];
        if (weighted > 0) total *= share(WEIGHTS[weight], largest, sum, how);
        for (int i = 0; i < layers; ++i) {
            int outputs = i == 0 ? outputs0 : i == 1 ? outputs1 : i == 2 ? outputs2
                        : i == 3 ? outputs3 : i == 4 ? outputs4 : outputs5;
            Span<float> add = i == 0 ? ADD0 : i == 1 ? ADD1 : i == 2 ? ADD2 : i == 3 ? ADD3
                            : i == 4 ? ADD4 : ADD5;
            if (place >= outputs) continue;
            float value = add[outputs * image + place];
            if (weighted > 0)
                total += value * share(WEIGHTS[weight + (i + 1) * layer_step], largest, sum, how);
            else
                total += value;
        }
        sink.store(0, OUT, id, total);
    });
}
