// A two-stage detector in small (Ren, He, Girshick and Sun, NIPS 2015, arXiv:1506.01497): a
// convolutional backbone, a region proposal network, box decoding, non-maximum suppression, RoI
// pooling and a linear classifier.

// 3x3, padding 1, then max(0, x); weights [filters][channels][3][3].
extern "C" __global__ void convolve(int channels, int filters, int height, int width,
                                    const float *image, const float *weights, const float *biases,
                                    float *out)
{
    int at = blockIdx.x * blockDim.x + threadIdx.x, filter = blockIdx.y;
    if (at >= height * width || filter >= filters) return;
    int row = at / width, column = at % width;
    float sum = biases[filter];
    for (int channel = 0; channel < channels; channel++)
        for (int y = -1; y <= 1; y++)
            for (int x = -1; x <= 1; x++) {
                int r = row + y, c = column + x;
                if (r < 0 || r >= height || c < 0 || c >= width) continue;
                sum += image[(channel * height + r) * width + c] *
                       weights[((filter * channels + channel) * 3 + y + 1) * 3 + x + 1];
            }
    out[filter * height * width + at] = fmaxf(sum, 0.0f);
}

// 2x2, stride 2.
extern "C" __global__ void pool(int channels, int height, int width, const float *in, float *out)
{
    int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= channels * height * width) return;
    int column = at % width, row = at / width % height, channel = at / (width * height);
    const float *first = in + (channel * 2 * height + 2 * row) * 2 * width + 2 * column;
    out[at] = fmaxf(fmaxf(first[0], first[1]), fmaxf(first[2 * width], first[2 * width + 1]));
}

// 1x1: out[unit][place] = biases[unit] + the sum over channels.
extern "C" __global__ void head(int channels, int units, int places, const float *map,
                                const float *weights, const float *biases, float *out)
{
    int place = blockIdx.x * blockDim.x + threadIdx.x, unit = blockIdx.y;
    if (place >= places) return;
    float sum = biases[unit];
    for (int channel = 0; channel < channels; channel++)
        sum += map[channel * places + place] * weights[unit * channels + channel];
    out[unit * places + place] = sum;
}

// Each place has `anchors` boxes; their score and four deltas are five units of the head.
extern "C" __global__ void decode(int anchors, int height, int width, float stride, float side,
                                  const float *sizes, const float *found, float *scores,
                                  float4 *boxes)
{
    int at = blockIdx.x * blockDim.x + threadIdx.x, places = height * width;
    if (at >= anchors * places) return;
    int anchor = at / places, place = at % places;
    const float *mine = found + anchor * 5 * places + place;
    float size = sizes[anchor];
    float x = (place % width + 0.5f) * stride + mine[places] * size;
    float y = (place / width + 0.5f) * stride + mine[2 * places] * size;
    float w = size * expf(fminf(mine[3 * places], 4.0f));
    float h = size * expf(fminf(mine[4 * places], 4.0f));
    scores[at] = 1.0f / (1.0f + expf(-mine[0]));
    boxes[at] = make_float4(fmaxf(x - w / 2, 0.0f), fmaxf(y - h / 2, 0.0f),
                            fminf(x + w / 2, side), fminf(y + h / 2, side));
}

// The boxes with the `kept` highest scores, best first; equal scores by their number.
extern "C" __global__ void sort(int count, int kept, const float *scores, const float4 *boxes,
                                float *best_scores, float4 *best)
{
    int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= count) return;
    int rank = 0;
    for (int other = 0; other < count; other++)
        rank += scores[other] > scores[at] || (scores[other] == scores[at] && other < at);
    if (rank >= kept) return;
    best_scores[rank] = scores[at];
    best[rank] = boxes[at];
}

__device__ float overlap(float4 a, float4 b)
{
    float w = fmaxf(fminf(a.z, b.z) - fmaxf(a.x, b.x), 0.0f);
    float h = fmaxf(fminf(a.w, b.w) - fmaxf(a.y, b.y), 0.0f);
    float both = w * h, sum = (a.z - a.x) * (a.w - a.y) + (b.z - b.x) * (b.w - b.y);
    return both / fmaxf(sum - both, 1e-6f);
}

// Bit j of word i: box j is worse than box i and overlaps it too much.
extern "C" __global__ void suppress(int count, float most, const float4 *boxes,
                                    unsigned long long *masks)
{
    int at = threadIdx.x;
    if (at >= count) return;
    unsigned long long mask = 0;
    for (int other = at + 1; other < count; other++)
        if (overlap(boxes[at], boxes[other]) > most) mask |= 1ull << other;
    masks[at] = mask;
}

// One thread: the first `wanted` boxes that no better one suppresses; -1 where there are fewer.
extern "C" __global__ void keep(int count, int wanted, const unsigned long long *masks, int *kept)
{
    unsigned long long gone = 0;
    int found = 0;
    for (int at = 0; at < count && found < wanted; at++)
        if (!(gone >> at & 1)) {
            kept[found++] = at;
            gone |= masks[at];
        }
    while (found < wanted) kept[found++] = -1;
}

// The largest value in each of size x size parts of a box; a block a box and channel.
extern "C" __global__ void roi_pool(int channels, int height, int width, int size, float scale,
                                    const float *map, const float4 *boxes, const int *kept,
                                    float *out)
{
    int box = blockIdx.x, channel = blockIdx.y, part = threadIdx.x;
    if (part >= size * size) return;
    float largest = 0.0f;
    if (kept[box] >= 0) {
        float4 b = boxes[kept[box]];
        int left = (int)(b.x * scale), top = (int)(b.y * scale);
        int w = max((int)ceilf(b.z * scale) - left, 1), h = max((int)ceilf(b.w * scale) - top, 1);
        int x0 = left + part % size * w / size, x1 = left + ((part % size + 1) * w + size - 1) / size;
        int y0 = top + part / size * h / size, y1 = top + ((part / size + 1) * h + size - 1) / size;
        for (int y = max(y0, 0); y < min(y1, height); y++)
            for (int x = max(x0, 0); x < min(x1, width); x++)
                largest = fmaxf(largest, map[(channel * height + y) * width + x]);
    }
    out[(box * channels + channel) * size * size + part] = largest;
}

// One warp for each box and class.
extern "C" __global__ void classify(int words, const float *pooled, const float *weights,
                                    const float *biases, float *scores)
{
    int box = blockIdx.x, label = blockIdx.y;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < words; i += 32)
        sum += pooled[box * words + i] * weights[label * words + i];
    for (int half = 16; half; half >>= 1) sum += __shfl_down_sync(0xffffffff, sum, half);
    if (threadIdx.x == 0) scores[box * gridDim.y + label] = sum + biases[label];
}
