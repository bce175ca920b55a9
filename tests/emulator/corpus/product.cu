// Matrix products as fast libraries compute them: shared memory in two buffers, loads of 128 bits,
// and a tile of 8 by 8 sums in each thread's registers.
constexpr int TILE = 128, STEP = 8;

// c (m by n) = a (m by k) times b (k by n), rows one after another; m and n multiples of 128, k of
// 8; 256 threads for each tile of c.
extern "C" __global__ void __launch_bounds__(256) sgemm_k(float *c, const float *a, const float *b,
                                                          int n, int k) {
    __shared__ __align__(16) float left[2][STEP][TILE];
    __shared__ __align__(16) float right[2][STEP][TILE];
    int t = threadIdx.x;
    int row = t / 2, column = t % 2 * 4;
    int line = t / 32, place = t % 32 * 4;
    const float *from_a = a + (size_t)(blockIdx.y * TILE + row) * k + column;
    const float *from_b = b + (size_t)line * n + blockIdx.x * TILE + place;
    int y = t / 16 * 8, x = t % 16 * 4;
    float sums[8][8] = {};
    float4 next_a = *(const float4 *)from_a, next_b = *(const float4 *)from_b;
    int half = 0;
    for (int done = 0; done < k; done += STEP) {
        left[half][column][row] = next_a.x;
        left[half][column + 1][row] = next_a.y;
        left[half][column + 2][row] = next_a.z;
        left[half][column + 3][row] = next_a.w;
        *(float4 *)&right[half][line][place] = next_b;
        __syncthreads();
        if (done + STEP < k) {
            from_a += STEP;
            from_b += (size_t)STEP * n;
            next_a = *(const float4 *)from_a;
            next_b = *(const float4 *)from_b;
        }
#pragma unroll
        for (int i = 0; i < STEP; i++) {
            float p[8], q[8];
            *(float4 *)&p[0] = *(float4 *)&left[half][i][y];
            *(float4 *)&p[4] = *(float4 *)&left[half][i][y + 4];
            *(float4 *)&q[0] = *(float4 *)&right[half][i][x];
            *(float4 *)&q[4] = *(float4 *)&right[half][i][x + 64];
#pragma unroll
            for (int u = 0; u < 8; u++)
#pragma unroll
                for (int v = 0; v < 8; v++) sums[u][v] = fmaf(p[u], q[v], sums[u][v]);
        }
        half ^= 1;
    }
    float *to = c + (size_t)(blockIdx.y * TILE + y) * n + blockIdx.x * TILE + x;
    for (int u = 0; u < 8; u++) {
        *(float4 *)(to + (size_t)u * n) = *(float4 *)&sums[u][0];
        *(float4 *)(to + (size_t)u * n + 64) = *(float4 *)&sums[u][4];
    }
}
