// Histograms of oriented gradients (Dalal and Triggs, CVPR 2005, doi:10.1109/CVPR.2005.177), with
// the conventions of scikit-image: 9 orientations of 20 degrees, no interpolation, cells of 8x8
// pixels, blocks of 2x2 cells normalised by L2-Hys, and a linear classifier over windows.

#define BINS 9
#define CELL 8
#define BLOCK (4 * BINS)

extern "C" __global__ void gradients(int height, int width, const float *image, float *magnitude,
                                     float *angle)
{
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= height || column >= width) return;
    int at = row * width + column;
    float down = 0.0f, right = 0.0f;
    if (row > 0 && row < height - 1) down = image[at + width] - image[at - width];
    if (column > 0 && column < width - 1) right = image[at + 1] - image[at - 1];
    magnitude[at] = sqrtf(right * right + down * down);
    float degrees = atan2f(down, right) * 57.29577951f;
    if (degrees < 0.0f) degrees += 180.0f;
    // 180 degrees is the direction of 0.
    angle[at] = degrees >= 180.0f ? degrees - 180.0f : degrees;
}

extern "C" __global__ void cells(int rows, int columns, const float *magnitude, const float *angle,
                                 float *histogram)
{
    int cell = blockIdx.x * blockDim.x + threadIdx.x;
    if (cell >= rows * columns) return;
    int width = columns * CELL;
    int first = cell / columns * CELL * width + cell % columns * CELL;
    for (int bin = 0; bin < BINS; bin++) {
        float sum = 0.0f;
        for (int y = 0; y < CELL; y++)
            for (int x = 0; x < CELL; x++) {
                int at = first + y * width + x;
                if ((int)(angle[at] / (180.0f / BINS)) == bin) sum += magnitude[at];
            }
        histogram[cell * BINS + bin] = sum / (CELL * CELL);
    }
}

extern "C" __global__ void blocks(int rows, int columns, const float *histogram, float *features)
{
    int block = blockIdx.x * blockDim.x + threadIdx.x;
    int across = columns - 1;
    if (block >= (rows - 1) * across) return;
    int cell = block / across * columns + block % across;
    float value[BLOCK], sum = 0.0f;
    for (int i = 0; i < BLOCK; i++) {
        int part = i / BINS;
        value[i] = histogram[(cell + part / 2 * columns + part % 2) * BINS + i % BINS];
        sum += value[i] * value[i];
    }
    float norm = 1.0f / sqrtf(sum + 1e-10f);
    sum = 0.0f;
    for (int i = 0; i < BLOCK; i++) {
        value[i] = fminf(value[i] * norm, 0.2f);
        sum += value[i] * value[i];
    }
    norm = 1.0f / sqrtf(sum + 1e-10f);
    for (int i = 0; i < BLOCK; i++) features[block * BLOCK + i] = value[i] * norm;
}

// One block of 64 threads for each window of `size` x `size` blocks.
extern "C" __global__ void classify(int across, int size, const float *features,
                                    const float *weights, float bias, float *scores)
{
    __shared__ float part[64];
    int row = blockIdx.y, column = blockIdx.x, thread = threadIdx.x;
    int words = size * BLOCK;
    float sum = 0.0f;
    for (int i = thread; i < size * words; i += 64) {
        int at = ((row + i / words) * across + column) * BLOCK + i % words;
        sum += features[at] * weights[i];
    }
    part[thread] = sum;
    __syncthreads();
    for (int half = 32; half; half >>= 1) {
        if (thread < half) part[thread] += part[thread + half];
        __syncthreads();
    }
    if (thread == 0) scores[row * gridDim.x + column] = part[0] + bias;
}
