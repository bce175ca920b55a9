// The sum of an input and of up to six other layers' outputs, as far as these reach, each times its
// weight where there are weights: one for a layer, or one for each of its channels.  Weights are as
// they are, or positive parts (normalization 1) or exponentials (2) over their sum.  One thread an
// element.  Darknet reads the layers' addresses and sizes from memory; here they are parameters.
#include "thread_index.cuh"

enum Normalization { NONE, RELU, SOFTMAX };

__device__ float raised(float w, float largest, int normalization)
{
    if (normalization == RELU) return w > .001f ? w : .001f;
    return expf(w - largest);
}

__device__ float share(float w, float largest, float sum, int normalization)
{
    return normalization == NONE ? w : raised(w, largest, normalization) / sum;
}

#ifndef HARDENED
extern "C" __global__ void shortcut_multilayer_kernel(
    int size, int src_outputs, int batch, int n, int outputs0, int outputs1, int outputs2,
    int outputs3, int outputs4, int outputs5, float *add0, float *add1, float *add2, float *add3,
    float *add4, float *add5, float *out, float *input, float *weights, int nweights,
    int weights_normalization)
{
    int id = thread_index();
    if (id >= size) return;
    int layer_step = nweights / (n + 1);
    int step = nweights > 0 ? src_outputs / layer_step : 1;
    int place = id % src_outputs;
    int image = id / src_outputs;
    float *weight = weights + place / step;

    float sum = 1, largest = -3.402823466e+38f;
    if (nweights > 0 && weights_normalization != NONE) {
        if (weights_normalization == SOFTMAX) {
            for (int i = 0; i <= n; ++i) {
                float w = weight[i * layer_step];
                if (largest < w) largest = w;
            }
        }
        sum = .0001f;
        for (int i = 0; i <= n; ++i)
            sum += raised(weight[i * layer_step], largest, weights_normalization);
    }
    float total = input[id];
    if (nweights > 0) total *= share(weight[0], largest, sum, weights_normalization);
    for (int i = 0; i < n; ++i) {
        int outputs = i == 0 ? outputs0 : i == 1 ? outputs1 : i == 2 ? outputs2
                    : i == 3 ? outputs3 : i == 4 ? outputs4 : outputs5;
        float *add = i == 0 ? add0 : i == 1 ? add1 : i == 2 ? add2 : i == 3 ? add3
                   : i == 4 ? add4 : add5;
        if (place >= outputs) continue;
        float value = add[outputs * image + place];
        if (nweights > 0)
            total += value * share(weight[(i + 1) * layer_step], largest, sum,
                                   weights_normalization);
        else
            total += value;
    }
    out[id] = total;
}
#endif
