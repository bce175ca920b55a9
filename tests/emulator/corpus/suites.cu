// Kernels of the kinds that public suites are made of: reductions, scans, stencils with edges,
// float64 and half products, histograms, graphs, divergent loops.  Numbers are chosen by the tests
// such that sums are exact.
#include <cuda_fp16.h>

// One sum for each block of 256: shared memory down to a warp, then shuffles.
extern "C" __global__ void sum_k(float *out, const float *x, int n) {
    __shared__ float part[256];
    int t = threadIdx.x;
    float mine = 0.0f;
    for (int i = blockIdx.x * 256 + t; i < n; i += gridDim.x * 256) mine += x[i];
    part[t] = mine;
    __syncthreads();
    for (int s = 128; s >= 32; s /= 2) {
        if (t < s) part[t] += part[t + s];
        __syncthreads();
    }
    if (t < 32) {
        float v = part[t];
        for (int s = 16; s > 0; s /= 2) v += __shfl_down_sync(0xffffffffu, v, s);
        if (t == 0) out[blockIdx.x] = v;
    }
}

// Inclusive sums within each block of 256, doubling the distance between two barriers.
extern "C" __global__ void scan_k(int *out, const int *x) {
    __shared__ int line[2][256];
    int t = threadIdx.x, now = 0;
    line[0][t] = x[blockIdx.x * 256 + t];
    __syncthreads();
    for (int d = 1; d < 256; d *= 2) {
        int v = line[now][t];
        if (t >= d) v += line[now][t - d];
        now ^= 1;
        line[now][t] = v;
        __syncthreads();
    }
    out[blockIdx.x * 256 + t] = line[now][t];
}

// Inclusive sums within each warp by shuffles; behind them how many of its words are odd.
extern "C" __global__ void warp_scan_k(int *out, int *odd, const int *x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
    int v = x[i];
    unsigned ones = __ballot_sync(0xffffffffu, v & 1);
    for (int d = 1; d < 32; d *= 2) {
        int left = __shfl_up_sync(0xffffffffu, v, d);
        if (lane >= d) v += left;
    }
    out[i] = v;
    odd[i] = __popc(ones) + __shfl_xor_sync(0xffffffffu, lane, 1);
}

// One step of heat on a grid whose edges see themselves: every neighbour is a branch.
extern "C" __global__ void heat_k(float *out, const float *x, const float *power, int rows,
                                  int columns, float rate) {
    int c = blockIdx.x * blockDim.x + threadIdx.x, r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r >= rows || c >= columns) return;
    int i = r * columns + c;
    float here = x[i], change = power[i];
    if (r > 0) change += x[i - columns] - here;
    if (r < rows - 1) change += x[i + columns] - here;
    if (c > 0) change += x[i - 1] - here;
    if (c < columns - 1) change += x[i + 1] - here;
    out[i] = here + rate * change;
}

// The same with a tile in shared memory, as stencils with a halo are written.
extern "C" __global__ void tile_k(float *out, const float *x, int columns) {
    __shared__ float tile[18][18];
    int c = threadIdx.x, r = threadIdx.y;
    int at = (blockIdx.y * 16 + r + 1) * columns + blockIdx.x * 16 + c + 1;
    tile[r + 1][c + 1] = x[at];
    if (r == 0) tile[0][c + 1] = x[at - columns];
    if (r == 15) tile[17][c + 1] = x[at + columns];
    if (c == 0) tile[r + 1][0] = x[at - 1];
    if (c == 15) tile[r + 1][17] = x[at + 1];
    __syncthreads();
    float v = tile[r + 1][c + 1];
    for (int k = 0; k < 4; k++) v = tile[r][c + 1] + tile[r + 2][c + 1] + tile[r + 1][c] - v;
    out[at] = v;
}

// c = a b in float64, square, tiles of 16 by 16.
extern "C" __global__ void dgemm_k(double *c, const double *a, const double *b, int n) {
    __shared__ double left[16][17], right[16][17];
    int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
    double sum = 0.0;
    for (int k = 0; k < n; k += 16) {
        left[y][x] = a[row * n + k + x];
        right[y][x] = b[(k + y) * n + column];
        __syncthreads();
        for (int i = 0; i < 16; i++) sum += left[y][i] * right[i][x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}

// Distances in float64, with a square root and a quotient, to some centres; the nearest's number.
extern "C" __global__ void nearest_k(int *out, double *how, const double *points,
                                     const double *centres, int n, int most) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    double best = 1e300;
    int which = -1;
    for (int j = 0; j < most; j++) {
        double x = points[2 * i] - centres[2 * j], y = points[2 * i + 1] - centres[2 * j + 1];
        double d = sqrt(x * x + y * y) / (1.0 + j);
        if (d < best) {
            best = d;
            which = j;
        }
    }
    out[i] = which;
    how[i] = best;
}

// y = a x + y on halves, several times over, and the larger of both.
extern "C" __global__ void axpy_k(__half2 *y, const __half2 *x, float a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    __half2 factor = __float2half2_rn(a), v = x[i], sum = y[i];
    for (int k = 0; k < 16; k++) {
        sum = __hfma2(factor, v, sum);
        v = __hadd2(__hmul2(v, factor), v);
    }
    y[i] = sum;
}

// How often each of 256 values is there: a shared histogram a block, then into the global one.
extern "C" __global__ void histogram_k(unsigned *out, const unsigned char *x, int n) {
    __shared__ unsigned bins[256];
    int t = threadIdx.x;
    bins[t] = 0;
    __syncthreads();
    for (int i = blockIdx.x * 256 + t; i < n; i += gridDim.x * 256) atomicAdd(&bins[x[i]], 1u);
    __syncthreads();
    atomicAdd(&out[t], bins[t]);
}

// One level of a breadth-first search: nodes of this level give their neighbours the next.
extern "C" __global__ void frontier_k(int *level, int *more, const int *first, const int *edges,
                                      int now, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n || level[i] != now) return;
    for (int e = first[i]; e < first[i + 1]; e++) {
        int other = edges[e];
        if (level[other] < 0) {
            level[other] = now + 1;
            *more = 1;
        }
    }
}

// Steps of each number's Collatz walk: threads leave the loop one by one.
extern "C" __global__ void walk_k(int *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    unsigned v = i + 1, steps = 0;
    while (v != 1) {
        if (v & 1) v = 3 * v + 1;
        else v /= 2;
        steps++;
    }
    out[i] = steps;
}

// Prices of options: exponentials, logarithms, roots, a polynomial.
extern "C" __global__ void prices_k(float *call, const float *price, const float *strike,
                                    const float *years, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float s = price[i], k = strike[i], t = years[i], root = sqrtf(t);
    float d = (logf(s / k) + (0.02f + 0.045f) * t) / (0.3f * root), e = d - 0.3f * root;
    float value[2];
    for (int j = 0; j < 2; j++) {
        float z = j ? e : d, w = 1.0f / (1.0f + 0.2316419f * fabsf(z));
        float sum = w * (0.31938153f + w * (-0.356563782f + w * (1.781477937f
                    + w * (-1.821255978f + w * 1.330274429f))));
        sum *= 0.39894228f * expf(-0.5f * z * z);
        value[j] = z > 0 ? 1.0f - sum : sum;
    }
    call[i] = s * value[0] - k * expf(-0.02f * t) * value[1];
}

// Forces between bodies: a tile in shared memory, a reciprocal root for each pair.
extern "C" __global__ void bodies_k(float4 *out, const float4 *body, int n) {
    __shared__ float4 tile[128];
    int i = blockIdx.x * 128 + threadIdx.x;
    float4 me = body[i];
    float x = 0, y = 0, z = 0;
    for (int first = 0; first < n; first += 128) {
        tile[threadIdx.x] = body[first + threadIdx.x];
        __syncthreads();
        for (int j = 0; j < 128; j++) {
            float4 it = tile[j];
            float dx = it.x - me.x, dy = it.y - me.y, dz = it.z - me.z;
            float r = rsqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
            float s = it.w * r * r * r;
            x += dx * s;
            y += dy * s;
            z += dz * s;
        }
        __syncthreads();
    }
    out[i] = make_float4(x, y, z, 0);
}

// Grey of coloured bytes, and a threshold.
extern "C" __global__ void grey_k(unsigned char *out, const unsigned char *rgb, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int v = (77 * rgb[3 * i] + 150 * rgb[3 * i + 1] + 29 * rgb[3 * i + 2]) >> 8;
    out[i] = v > 250 ? 255 : v;
}

// The middle of nine neighbours, sorted in an array of the thread's own, whose index is known
// only when it runs.
extern "C" __global__ void median_k(int *out, const int *x, int columns, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int window[9];
    for (int k = 0; k < 9; k++) {
        int at = i + (k / 3 - 1) * columns + k % 3 - 1;
        int v = x[(at + n) % n], j = k;
        while (j > 0 && window[j - 1] > v) {
            window[j] = window[j - 1];
            j--;
        }
        window[j] = v;
    }
    out[i] = window[4];
}

// A transposed matrix by way of shared memory.
extern "C" __global__ void transpose_k(float *out, const float *x, int n) {
    __shared__ float tile[32][33];
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    for (int k = 0; k < 32; k += 8) tile[threadIdx.y + k][threadIdx.x] = x[(r + k) * n + c];
    __syncthreads();
    c = blockIdx.y * 32 + threadIdx.x;
    r = blockIdx.x * 32 + threadIdx.y;
    for (int k = 0; k < 32; k += 8) out[(r + k) * n + c] = tile[threadIdx.x][threadIdx.y + k];
}

// Least cost of a way from the top row: one row of a grid a launch step, edges by branches.
extern "C" __global__ void path_k(int *out, const int *cost, int columns, int rows) {
    __shared__ int line[2][256];
    int t = threadIdx.x, now = 0;
    line[0][t] = cost[t];
    __syncthreads();
    for (int r = 1; r < rows; r++) {
        int least = line[now][t];
        if (t > 0) least = min(least, line[now][t - 1]);
        if (t < columns - 1) least = min(least, line[now][t + 1]);
        line[now ^ 1][t] = least + cost[r * columns + t];
        now ^= 1;
        __syncthreads();
    }
    out[t] = line[now][t];
}

// Sums of a sparse matrix's rows times a vector, a warp for each row.
extern "C" __global__ void sparse_k(double *out, const int *first, const int *column,
                                    const double *value, const double *x, int rows) {
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= rows) return;
    double sum = 0.0;
    for (int e = first[row] + lane; e < first[row + 1]; e += 32) sum += value[e] * x[column[e]];
    for (int s = 16; s > 0; s /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, s);
    if (lane == 0) out[row] = sum;
}
